"""What a list of dispositions begins with: a few that people choose, and those that the system itself sets."""

from __future__ import annotations

from dataclasses import dataclass

from plugins.wrapup.models import DispositionType
from switchroom.forms import Text


@dataclass(frozen=True)
class Initial:
    """A disposition that every list begins with.

    Attributes:
        system_type: What the system sets it for; empty for one that people may delete.
        agent_selects: Whether agents are offered it.
        inbound: Whether it is for contacts that customers begin.
    """

    name: Text
    type: DispositionType
    system_type: str = ""
    description: Text | None = None
    agent_selects: bool = True
    inbound: bool = True


@dataclass(frozen=True)
class InitialFolder:
    """A folder that every list begins with."""

    name: Text
    dispositions: tuple[Initial, ...]


def _line(system_type: str, en: str, ru: str, description: Text | None = None) -> Initial:
    """One for a connection that did not come about: of calls that we make, and there agents may set it too."""
    name = Text.of(en=en, ru=ru)
    return Initial(name, DispositionType.CONTINUE, system_type, description, inbound=False)


def _system(system_type: str, en: str, ru: str, kind: DispositionType = DispositionType.CONTINUE) -> Initial:
    """One that only the system sets."""
    return Initial(Text.of(en=en, ru=ru), kind, system_type, agent_selects=False)


INITIAL = (
    InitialFolder(
        Text.of(en="Final", ru="Окончательные"),
        (
            Initial(Text.of(en="Request settled", ru="Вопрос решён"), DispositionType.SUCCESS),
            Initial(Text.of(en="Refusal", ru="Отказ"), DispositionType.FAILURE),
            Initial(
                Text.of(en="Do not call again", ru="Больше не звонить"),
                DispositionType.DO_NOT_CALL,
                description=Text.of(
                    en="The customer has asked not to be called again.", ru="Клиент просил больше ему не звонить."
                ),
            ),
        ),
    ),
    InitialFolder(
        Text.of(en="Intermediate", ru="Промежуточные"),
        (
            Initial(Text.of(en="Call back", ru="Перезвонить"), DispositionType.CONTINUE),
            Initial(
                Text.of(en="Wrong person", ru="Не тот человек"),
                DispositionType.CONTINUE,
                description=Text.of(
                    en="Whoever answered is not the customer, who may be reached at this number later.",
                    ru="Ответил не тот, кому звонили. Клиента можно застать по этому номеру позже.",
                ),
            ),
            Initial(
                Text.of(en="Cut off while talking", ru="Отключённый во время разговора"),
                DispositionType.CONTINUE,
                "DROPPED",
                Text.of(en="The connection broke while they talked.", ru="Соединение прервалось во время разговора."),
            ),
        ),
    ),
    InitialFolder(
        Text.of(en="Connection problem", ru="Проблема соединения"),
        (
            _line("BUSY", "Busy", "Занято"),
            _line("NO_ANSWER", "No answer", "Нет ответа"),
            _line("FAST_BUSY", "Network congested", "Направление перегружено"),
            _line("FAX_MODEM", "Fax or modem", "Факс или модем"),
            _line("ANSWERING_MACHINE", "Answering machine", "Автоответчик"),
            _line("ANNOUNCEMENT", "Recorded announcement", "Автоинформатор или IVR"),
            _line("NETWORK_ANNOUNCEMENT", "Announcement of the network", "Сетевое сообщение"),
            _line("SILENCE", "Silence", "Молчание"),
            _line("INVALID_NUMBER", "Wrong number", "Неверный номер"),
            _line("CALL_FAILED", "Call failed", "Неудавшийся вызов"),
            _line("OTHER_CONNECTION_ISSUE", "Another connection problem", "Другая проблема соединения"),
        ),
    ),
    InitialFolder(
        Text.of(en="System", ru="Системные"),
        (
            _system("ABANDONED", "Abandoned", "Сброшен"),
            _system("CONGESTION_REMOTE", "Congestion", "Перегрузка"),
            _system("NO_AGENT", "No agent", "Нет оператора"),
            _system("NO_DISPOSITION", "No disposition chosen", "Статус не выбран"),
            _system("DISPOSITION_NOT_FOUND", "Disposition not found", "Статус не найден"),
            _system("SKIPPED", "Skipped", "Пропущена"),
            _system("SYSTEM_FAILURE", "System failure", "Сбой системы"),
            _system("AGENT_FAILURE", "Failure at the agent's place", "Сбой на р.м. оператора"),
            _system("PHONE_NETWORK_UNAVAILABLE", "Telephone network unavailable", "Телефонная сеть недоступна"),
            _system("FINALIZED_BY_DIAL_RULE", "Ended by a dialling rule", "Завершён по правилу набора"),
            _system(
                "MAX_ATTEMPTS_REACHED",
                "Largest number of attempts reached",
                "Достигнуто максимальное количество попыток",
                DispositionType.FAILURE,
            ),
            _system("RECORD_EXPIRED", "Record no longer valid", "Запись недействительна", DispositionType.FAILURE),
        ),
    ),
)

SYSTEM_TYPES = frozenset(each.system_type for folder in INITIAL for each in folder.dispositions if each.system_type)
"""The 24 that every list holds."""

KNOWN_SYSTEM_TYPES = SYSTEM_TYPES | {"NO_ASSIGNED_AGENT_BEFORE_ANSWER"}
"""Also what tables of other systems bring along."""

_NAMES = {name: each.name for folder in INITIAL for each in folder.dispositions for name in each.name.root.values()}


def in_all_languages(name: str) -> Text:
    """The name of a disposition: in the language of who reads, where it is called as it was in the beginning."""
    return _NAMES.get(name) or Text.of(en=name)
