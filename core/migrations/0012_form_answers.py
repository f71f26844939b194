from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("core", "0011_clock_shown")]

    initial = False

    operations = [
        ops.AddIndex(
            model_name="FormSubmission",
            index=Index(fields=["tenant_id", "form", "submitted_at", "id"], name="core_form_submission_of_form"),
        ),
    ]
