"""The settings file and its overrides: what is accepted, and what a person is told about what is not."""

import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, SecretStr

from core.errors import StartupError
from core.settings import (
    Settings,
    check_plugin_names,
    check_plugin_settings,
    load_settings,
    parse_ice_url,
    secret_key,
    validate_plugin_settings,
)
from core.settings.loading import PROJECT_ROOT, is_loopback
from core.settings.shape import paths
from core.settings.source import parse_value

Load = Callable[..., Settings]
SHIPPED = PROJECT_ROOT / "settings.yaml"


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load settings from text and variables."""

    def load_text(text: str = "", **environ: str) -> Settings:
        file = tmp_path / "settings.yaml"
        file.write_text(text, encoding="utf-8")
        return load_settings(file, environ)

    return load_text


@pytest.fixture
def refusal(load: Load, tmp_path: Path) -> Callable[..., list[str]]:
    """Load settings that are wrong and return the lines of the error, without the folder."""

    def lines(text: str = "", **environ: str) -> list[str]:
        with pytest.raises(StartupError) as caught:
            load(text, **environ)
        return str(caught.value).replace(f"{tmp_path}/", "").splitlines()

    return lines


# The shipped file


def test_shipped_file_explains_every_key_and_shows_its_default(load: Load) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    node = yaml.compose(text)
    lines = text.splitlines()
    shown = {}

    def visit(mapping: yaml.MappingNode, above: tuple[str, ...]) -> None:
        previous_is_explained = False
        for key, value in mapping.value:
            path = (*above, key.value)
            shown[path] = value
            before = lines[key.start_mark.line - 1].strip()
            if isinstance(value, yaml.MappingNode) and path != ("plugins", "settings"):
                visit(value, path)
            else:
                assert before.startswith("#") or previous_is_explained, f"{'.'.join(path)} has no comment"
                previous_is_explained = True

    assert isinstance(node, yaml.MappingNode)
    visit(node, ())
    assert set(shown) == set(paths(Settings)), "the file shows every key there is and no other"
    assert load_settings(SHIPPED, {"SWITCHROOM__DEMO": "false"}).model_dump(exclude={"data_dir"}) == load(
        ""
    ).model_dump(exclude={"data_dir"})
    assert load_settings(SHIPPED, {}).demo is True


def test_no_demo_without_asking(load: Load) -> None:
    assert load("").demo is False


# Where the file is


def test_file_is_the_argument_then_the_variable_then_the_working_folder_then_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, port in (("argument", 8001), ("variable", 8002), ("working", 8003)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "settings.yaml").write_text(f"server: {{port: {port}}}")
    environ = {"SWITCHROOM_SETTINGS": str(tmp_path / "variable/settings.yaml")}
    monkeypatch.chdir(tmp_path / "working")
    assert load_settings(tmp_path / "argument/settings.yaml", environ).server.port == 8001
    assert load_settings(None, environ).server.port == 8002
    assert load_settings(None, {}).server.port == 8003
    monkeypatch.chdir(tmp_path)
    assert load_settings(None, {}).file == SHIPPED


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match=r"There is no settings file .*nowhere\.yaml"):
        load_settings(tmp_path / "nowhere.yaml", {})


def test_folders_are_relative_to_the_file_not_to_the_working_folder(load: Load, tmp_path: Path) -> None:
    settings = load("data_dir: data\nplugins: {dirs: [../more]}", SWITCHROOM__DATA_DIR="elsewhere")
    assert settings.data_dir == tmp_path / "elsewhere"
    assert settings.plugins.dirs == (tmp_path / "../more",)


# Overrides


def test_variables_override_the_file(load: Load) -> None:
    settings = load(
        "server: {port: 8001, host: '::1'}\nlocale:\n",
        SWITCHROOM__SERVER__PORT="8100",
        SWITCHROOM__SERVER__TRUSTED_PROXIES="[10.0.0.0/8, 192.168.1.1]",
        SWITCHROOM__LOCALE__DEFAULT_LANGUAGE="ru",
        SWITCHROOM__PLUGINS__SETTINGS__TELEPHONY="{ports: [1, 2]}",
        SWITCHROOM__PLUGINS__SETTINGS__TELEPHONY__MUSIC="true",
        SWITCHROOM_SETTINGS="/not/used",
        PATH="/bin",
    )
    assert (settings.server.port, settings.server.host) == (8100, "::1")
    assert [str(network) for network in settings.server.trusted_proxies] == ["10.0.0.0/8", "192.168.1.1/32"]
    assert settings.locale.default_language == "ru"
    assert settings.plugins.settings == {"telephony": {"ports": [1, 2], "music": True}}


@pytest.mark.parametrize(
    "key", ["0123456789" * 4, "*" * 40, "a: b # not a comment ................", "'" * 40, "[" * 40]
)
def test_text_from_a_variable_is_taken_as_it_stands(load: Load, key: str) -> None:
    settings = load("", SWITCHROOM__SECRET_KEY=key)
    assert settings.secret_key is not None
    assert settings.secret_key.get_secret_value() == key


@pytest.mark.parametrize("nothing", ["", "null"])
def test_empty_variable_means_null(load: Load, nothing: str) -> None:
    assert load("broker: {url: redis://there}", SWITCHROOM__BROKER__URL=nothing).broker.url is None


@given(st.text())
def test_any_text_of_a_free_variable_is_read_or_kept(raw: str) -> None:
    value = parse_value(raw)
    assert value == raw if isinstance(value, str) and raw[:1] not in "'\"" else True


# What is refused


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("server:\n  prot: 1", "settings.yaml, line 2: there is no setting server.prot. Did you mean server.port?"),
        ("\nprot: 1", "settings.yaml, line 2: there is no setting prot. Did you mean server.port?"),
        ("live: {qqq: 1}", "settings.yaml, line 1: there is no setting live.qqq. Known here: url."),
        ("server:\n  port: abc", "settings.yaml, line 2: server.port must be a whole number, not \"abc\"."),
        ("server: {port: true}", "settings.yaml, line 1: server.port must be a whole number, not true."),
        ("server: {port: '80'}", "settings.yaml, line 1: server.port must be a whole number, not \"80\"."),
        ("server: {port: 70000}", "settings.yaml, line 1: server.port must be 65535 or less, not 70000."),
        ("server: {host: 1}", "settings.yaml, line 1: server.host must be text, not 1. Put the value in quotes."),
        ("server: {host: ''}", "settings.yaml, line 1: server.host must not be empty."),
        ("server: []", "settings.yaml, line 1: server must be a group of keys, not a list."),
        ("server: {secure_cookies: 2}", "settings.yaml, line 1: server.secure_cookies must be auto, true or false, "
         "not 2."),
        ("demo: 1", "settings.yaml, line 1: demo must be true or false, not 1."),
        ("demo: false\nserver: {}\ndemo: true", "settings.yaml, line 3: demo is set twice, first in line 1. "
         "Remove one of them."),
        ("ice_servers:\n- username: x", "settings.yaml, line 2: ice_servers[0].urls is missing."),
        ("ice_servers:\n- urls: turn:there", "settings.yaml, line 2: ice_servers[0] is a TURN server and needs "
         "username and credential."),
        ("ice_servers:\n- urls: [stun:a, http://b]", "settings.yaml, line 2: ice_servers[0].urls must be addresses "
         "such as stun:stun.example.com:3478 or turn:turn.example.com?transport=tcp."),
        ("database: {pool_min: 11}", "settings.yaml, line 1: database pool_min (11) must not be above pool_max (10)."),
        ("database: {url: 'mysql://a:hunter2@b/c'}", "settings.yaml, line 1: database.url must be an address that "
         "begins with postgresql:// or postgres:// and names a host."),
        ("secret_key: hunter2", "settings.yaml, line 1: secret_key must have at least 32 characters."),
        ("locale: {default_timezone: Europe/Moskow}", "settings.yaml, line 1: locale.default_timezone must be the "
         "IANA name of a time zone. Did you mean Europe/Moscow?"),
        ("plugins: {settings: {telephony: 5}}", "settings.yaml, line 1: plugins.settings.telephony must be a group "
         "of keys."),
        ("a:\n\tb: 1", "settings.yaml, line 2: is not valid YAML: found character '\\t' that cannot start any token. "
         "Check indentation, colons and quotes."),
        ("&a [*a]", "settings.yaml, line 1: is not valid YAML: found a value that contains itself. "
         "Check indentation, colons and quotes."),
        ("[" * 5000, "settings.yaml: is nested too deeply to be read."),
        ("- 1", "settings.yaml, line 1: must be a list of keys with values, such as `demo: true`."),
    ],
)  # fmt: skip
def test_bad_file_is_refused_with_line_key_and_mend(refusal: Callable[..., list[str]], text: str, said: str) -> None:
    assert refusal(text) == [said]


def test_all_problems_are_told_at_once_and_variables_by_name(refusal: Callable[..., list[str]]) -> None:
    said = refusal(
        "server:\n  prt: 1\nlogin: {lock_seconds: x}\n",
        SWITCHROOM__SERVER__PROT="1",
        SWITCHROOM__LOGIN__WINDOW_SECONDS="soon",
    )
    assert sorted(said) == [
        'SWITCHROOM__LOGIN__WINDOW_SECONDS: login.window_seconds must be a whole number, not "soon".',
        "SWITCHROOM__SERVER__PROT: there is no setting server.prot. Did you mean SWITCHROOM__SERVER__PORT?",
        "settings.yaml, line 2: there is no setting server.prt. Did you mean server.port?",
        'settings.yaml, line 3: login.lock_seconds must be a whole number, not "x".',
    ]


def test_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_bytes(b"demo: \xff")
    with pytest.raises(StartupError, match="is not UTF-8 text"):
        load_settings(tmp_path / "settings.yaml", {})


def test_external_database_needs_a_shared_secret_key(refusal: Callable[..., list[str]], load: Load) -> None:
    url = "database:\n  url: postgresql://u:p@h/d"
    assert [line.split(",")[1].strip() for line in refusal(url)] == ["line 2: secret_key must be set when database.url"
                                                                     " is set"]  # fmt: skip
    assert load(url, SWITCHROOM__SECRET_KEY="k" * 32).database.url is not None


@pytest.mark.parametrize("host", ["0.0.0.0", "'::'", "192.0.2.1", "no-such-host.invalid"])  # noqa: S104 - refused
def test_demo_is_refused_on_an_address_others_reach(refusal: Callable[..., list[str]], host: str) -> None:
    [said] = refusal(f"demo: true\nserver:\n  host: {host}")
    assert said.startswith("settings.yaml, line 3: server.host (")
    assert "Set demo to false (SWITCHROOM__DEMO=false)" in said


def test_demo_is_refused_behind_a_public_address(refusal: Callable[..., list[str]]) -> None:
    [said] = refusal("demo: true", SWITCHROOM__SERVER__PUBLIC_URL="https://192.0.2.1")
    assert said.startswith("SWITCHROOM__SERVER__PUBLIC_URL: server.public_url (192.0.2.1) can be reached")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "'::1'", "localhost"])
def test_demo_is_allowed_on_this_machine(load: Load, host: str) -> None:
    assert load(f"demo: true\nserver: {{host: {host}}}").demo


@given(st.ip_addresses())
def test_loopback_is_what_the_address_says(address: IPv4Address | IPv6Address) -> None:
    mapped = getattr(address, "ipv4_mapped", None) or address
    assert is_loopback(str(address)) == mapped.is_loopback


# Secrets


SECRET = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=12, max_size=40)


@given(secret=SECRET, template=st.sampled_from([
    "secret_key: {}", "secret_key: [{}]", "{}", "{}: 1", "- {}", "database: {{url: {}}}", "database: {{url: '{}'}}",
    "database:\n  url: postgresql://user:{}@host:port/db", "broker:\n  url: amqp://user:{}@host/\ndemo: 5",
    "live: {}", "database: {}", "ice_servers: {}", "ice_servers: [{}]", "ice_servers: [{{urls: x, credential: {}}}]",
    "ice_servers:\n- {{urls: turn:x, username: [], credential: '{}'}}", "plugins: {{settings: {{sip: {}}}}}",
]))  # fmt: skip
def test_no_error_repeats_a_secret(tmp_path_factory: pytest.TempPathFactory, secret: str, template: str) -> None:
    secret = f"Xq9{secret}Zz7"
    file = tmp_path_factory.getbasetemp() / "secret.yaml"
    file.write_text(template.format(secret), encoding="utf-8")
    with pytest.raises(StartupError) as caught:
        load_settings(file, {"SWITCHROOM__SERVER__PORT": "x"})
    # A key is a name, not a value: it may be repeated.
    said = [line for line in str(caught.value).splitlines() if "there is no setting" not in line]
    assert secret[3:-3] not in "\n".join(said)
    assert caught.value.__cause__ is None


def test_repr_of_settings_hides_secrets(load: Load) -> None:
    settings = load(
        "database: {url: 'postgresql://u:hunter2@h/d'}\nbroker: {url: 'redis://:hunter2@h'}\n"
        "live: {url: 'redis://:hunter2@h'}\nsecret_key: hunter2hunter2hunter2hunter2hunter2\n"
        "ice_servers: [{urls: [turn:h], username: u, credential: hunter2}]\n"
        "plugins: {settings: {sip: {password: hunter2}}}"
    )
    assert "hunter2" not in f"{settings} {settings!r}"


def test_secret_key_is_made_once_for_all_and_readable_by_the_owner_only(load: Load) -> None:
    settings = load("data_dir: data")
    with ThreadPoolExecutor(8) as threads:
        keys = {key.get_secret_value() for key in threads.map(secret_key, [settings] * 8)}
    assert len(keys) == 1
    assert [file.name for file in settings.data_dir.iterdir()] == ["secret_key"]
    assert stat.S_IMODE((settings.data_dir / "secret_key").stat().st_mode) == 0o600


def test_secret_key_that_others_can_read_is_refused(load: Load) -> None:
    settings = load()
    secret_key(settings)
    (settings.data_dir / "secret_key").chmod(0o644)
    with pytest.raises(StartupError, match=r"can be read by others\. Run: chmod 600 "):
        secret_key(settings)


def test_secret_key_that_was_cut_is_refused(load: Load) -> None:
    settings = load()
    secret_key(settings)
    os.truncate(settings.data_dir / "secret_key", 5)
    with pytest.raises(StartupError, match="fewer than 32 characters"):
        secret_key(settings)


def test_secret_key_of_the_settings_is_used_and_nothing_written(load: Load) -> None:
    settings = load("data_dir: data", SWITCHROOM__SECRET_KEY="k" * 40)
    assert secret_key(settings) == SecretStr("k" * 40)
    assert not settings.data_dir.exists()


# Derived values


@pytest.mark.parametrize(
    ("server", "url", "secure"),
    [
        ("{}", "http://localhost:8000", False),
        ("{host: 0.0.0.0, port: 80}", "http://localhost:80", False),
        ("{host: '2001:db8::1'}", "http://[2001:db8::1]:8000", False),
        ("{host: calls.example.com}", "http://calls.example.com:8000", False),
        ("{public_url: 'https://calls.example.com/'}", "https://calls.example.com", True),
        ("{public_url: 'https://calls.example.com', secure_cookies: false}", "https://calls.example.com", False),
    ],
)
def test_address_and_cookies_follow_from_the_server_keys(load: Load, server: str, url: str, secure: bool) -> None:
    settings = load(f"server: {server}").server
    assert (settings.url, settings.cookies_are_secure) == (url, secure)


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("stun:a", ("stun", "a", 3478, "udp")),
        ("stuns:a", ("stuns", "a", 5349, "tcp")),
        ("turn:[2001:db8::1]:99?transport=tcp", ("turn", "2001:db8::1", 99, "tcp")),
        ("turns:turn.example.com:443", ("turns", "turn.example.com", 443, "tcp")),
    ],
)
def test_ice_address_is_taken_apart(url: str, parts: tuple[str, str, int, str]) -> None:
    assert parse_ice_url(url) == parts


@pytest.mark.parametrize("url", ["", "stun", "stun:", "http://a", "stun:a:0", "stun:a:65536", "stun:a?transport=tcp",
                                 "turn:a?transport=sctp", "turn:user:password@a", "stun:a b"])  # fmt: skip
def test_what_is_no_ice_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must be addresses such as"):
        parse_ice_url(url)


# Plugins


class Sip(BaseModel):
    """A plugin's own schema."""

    model_config = ConfigDict(extra="forbid")
    port: int = 5060
    password: SecretStr | None = None


def test_unknown_plugins_are_refused_with_the_nearest_name(load: Load, tmp_path: Path) -> None:
    settings = load(
        "plugins:\n  blocked: [wrapup,\n    rooting]\n  settings:\n    telefony: {}\n    zzz: {}\n",
        SWITCHROOM__PLUGINS__ENABLED_BY_DEFAULT="[routin]",
    )
    with pytest.raises(StartupError) as caught:
        check_plugin_names(settings, ["telephony", "routing", "wrapup"])
    file = tmp_path / "settings.yaml"
    assert str(caught.value).splitlines() == [
        f"{file}, line 5: plugins.settings.telefony: there is no plugin telefony. Did you mean telephony?",
        f"{file}, line 6: plugins.settings.zzz: there is no plugin zzz. Found: routing, telephony, wrapup.",
        f"{file}, line 3: plugins.blocked[1]: there is no plugin rooting. Did you mean routing?",
        "SWITCHROOM__PLUGINS__ENABLED_BY_DEFAULT: plugins.enabled_by_default[0]: there is no plugin routin. "
        "Did you mean routing?",
    ]


def test_known_plugins_are_accepted(load: Load) -> None:
    check_plugin_names(load(), ["telephony", "routing", "wrapup", "promises", "records", "more"])


def test_plugin_settings_are_checked_by_the_plugins_schema(load: Load, tmp_path: Path) -> None:
    settings = load("plugins:\n  settings:\n    sip:\n      port: x\n      pasword: hunter2\n")
    with pytest.raises(StartupError) as caught:
        validate_plugin_settings(settings, "sip", Sip)
    at = f"{tmp_path / 'settings.yaml'}, line"
    assert str(caught.value).splitlines() == [
        f'{at} 4: plugins.settings.sip.port must be a whole number, not "x".',
        f"{at} 5: there is no setting plugins.settings.sip.pasword. Did you mean plugins.settings.sip.password?",
    ]
    assert validate_plugin_settings(load("plugins: {settings: {sip: {port: 1}}}"), "sip", Sip).port == 1
    assert validate_plugin_settings(load(), "sip", Sip).port == 5060


def test_problems_of_all_plugins_are_told_at_once(load: Load, tmp_path: Path) -> None:
    settings = load("plugins:\n  settings:\n    sip: {port: x}\n    quiet:\n      loud: 1\n    broken: {any: 1}\n")
    with pytest.raises(StartupError) as caught:
        check_plugin_settings(settings, {"sip": Sip, "quiet": None, "absent": None, "plain": Sip})
    at = f"{tmp_path / 'settings.yaml'}, line"
    assert str(caught.value).splitlines() == [
        f'{at} 3: plugins.settings.sip.port must be a whole number, not "x".',
        f"{at} 4: plugins.settings.quiet: the plugin quiet has no settings. Remove it.",
    ]
