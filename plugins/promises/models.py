"""The ledger and its history. Rows of neither are ever deleted."""

from __future__ import annotations

from tortoise import fields

from plugins.promises.states import State
from switchroom.capabilities import Fallback
from switchroom.models import TenantModel


class Promise(TenantModel):
    """Something that is owed at a time.

    Attributes:
        kind: What, as a stable word, such as `callback`.
        state: A `State`.
        owner_id: The user who owes it; None for nobody. A plain id: the promise outlives the account.
        reference: What of the plugin that made it this is, such as `records:item:7`; empty for one made by hand. Of
            each, one promise is open.
        contact_number: E.164, or what else the plugin that made it knows the customer by.
        contact_zone: IANA name of the customer's time zone; empty where only the number tells of it.
        url: Where it is kept.
        interaction_id: From which it came.
        fallback: A `Fallback`.
        reminded_at: When the owner was told that it is due soon; None once it is put off.
        left_at: Since when nobody owns it.
        last_owner_id: Who owned it before.
        settled_at: When it was kept, withdrawn or released.
    """

    kind = fields.CharField(max_length=40)
    state = fields.CharField(max_length=12, default=State.OPEN.value)
    owner_id = fields.BigIntField(null=True)
    subject = fields.CharField(max_length=500, default="")
    reference = fields.CharField(max_length=120, default="")
    url = fields.CharField(max_length=500, default="")
    contact_name = fields.CharField(max_length=200, default="")
    contact_number = fields.CharField(max_length=32, default="")
    contact_zone = fields.CharField(max_length=64, default="")
    interaction_id = fields.BigIntField(null=True)
    fallback = fields.CharField(max_length=12, default=Fallback.SUPERVISOR.value)
    due_at = fields.DatetimeField()
    reminded_at = fields.DatetimeField(null=True)
    left_at = fields.DatetimeField(null=True)
    last_owner_id = fields.BigIntField(null=True)
    settled_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "promises_promise"


class Change(TenantModel):
    """A line of a promise's history.

    Attributes:
        actor: Who, as `user:7` or `system`.
        actor_id: The same, of a user.
        what: A `What`.
        why: What was said about it, or what went before.
        owner_id: Who owns it from here on.
        due_at: When it is due from here on.
    """

    promise: fields.ForeignKeyRelation[Promise] = fields.ForeignKeyField("promises.Promise", related_name=False)
    promise_id: int
    at = fields.DatetimeField(auto_now_add=True)
    actor = fields.CharField(max_length=40)
    actor_id = fields.BigIntField(null=True)
    what = fields.CharField(max_length=12)
    why = fields.CharField(max_length=500, default="")
    owner_id = fields.BigIntField(null=True)
    due_at = fields.DatetimeField()

    class Meta:
        table = "promises_change"
