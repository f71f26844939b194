"""Names: templates, permissions, lookups, components of forms and files are the plugin's own."""

from __future__ import annotations

from jinja2 import TemplateError, meta

from core.plugins.discovery import PluginRecord
from core.web.assets import asset_folder
from core.web.templating import template_engine
from switchroom.testing.app import App
from switchroom.testing.contract.base import ContractBase, refuse


class PrefixesContract(ContractBase):
    """What the plugin contributes bears its name, and its templates use core's and its own alone."""

    async def test_names_begin_with_the_plugin(self, record: PluginRecord) -> None:
        contributed = record.contributions
        named = {
            "permission": [permission.name for permission in contributed.permissions],
            "job": [job.name for job in contributed.jobs],
            "lookup": [lookup.name for lookup in contributed.lookups],
        }
        findings = [
            f"the {kind} {name!r} must begin with '{self.plugin}.'"
            for kind, names in named.items()
            for name in names
            if not name.startswith(f"{self.plugin}.")
        ]
        findings += [
            f"the component {component.model.__name__} is shown by {component.template!r}, "
            f"which is no template of {self.plugin}"
            for component in contributed.form_components
            if not component.template.startswith(f"{self.plugin}/")
        ]
        refuse("A name is not the plugin's.", findings)

    async def test_files_that_pages_load_are_there(self, record: PluginRecord) -> None:
        folder = asset_folder(record)
        missing = [
            asset.file
            for asset in record.contributions.assets
            if not (folder / "dist" / asset.file).is_file() and not (folder / asset.file).is_file()
        ]
        refuse("register_assets names a file that is not below static/.", missing)

    async def test_templates_compile_and_use_no_other_plugins(self, app: App, record: PluginRecord) -> None:
        environment = template_engine(app.plugins).engine
        others = {other.name for other in app.plugins.records} - {self.plugin}
        findings = []
        folder = record.folder / "templates"
        for file in sorted(folder.rglob("*.html")):
            name = f"{self.plugin}/{file.relative_to(folder).as_posix()}"
            try:
                environment.get_template(name)
                used = meta.find_referenced_templates(environment.parse(file.read_text(encoding="utf-8")))
            except TemplateError as error:
                findings.append(f"{name}: {error}")
                continue
            for other in used:
                if other is not None and other.partition("/")[0] in others:
                    findings.append(f"{name} uses {other}, a template of another plugin")
                elif other is not None and other not in environment.list_templates():
                    findings.append(f"{name} uses {other}, which does not exist")
        refuse("A template cannot be used.", findings)
