"""The broker that carries jobs and the backbone that carries live updates."""

import asyncio
import logging

import pika
import redis.asyncio
from pika.adapters.utils.connection_workflow import (
    AMQPConnectorStackTimeout,
)
from pika.exceptions import AMQPError
from pydantic import SecretStr
from redis.exceptions import RedisError

from core.cli.doctor.finding import Finding, fail, ok, place, reason
from core.settings import Settings

_PATIENCE = 5


async def broker(settings: Settings) -> list[Finding]:
    """Whether jobs can be handed to workers."""
    url = settings.broker.url
    if url is None:
        return [ok("broker", "in the server's own process")]
    if url.get_secret_value().startswith("amqp"):
        return [await asyncio.to_thread(_rabbitmq, url)]
    return [await _redis("broker", "broker.url", url)]


async def live(settings: Settings) -> list[Finding]:
    """Whether live updates reach the other processes."""
    if settings.live.url is None:
        return [ok("live updates", "carried by the database")]
    return [await _redis("live updates", "live.url", settings.live.url)]


async def _redis(subject: str, key: str, url: SecretStr) -> Finding:
    client = redis.asyncio.from_url(url.get_secret_value(), socket_connect_timeout=_PATIENCE, socket_timeout=_PATIENCE)
    try:
        version = (await client.info("server"))["redis_version"]
    except (RedisError, OSError) as error:
        return fail(subject, f"{place(url)}: {reason(error)}.", f"Start Redis there, or correct {key}.")
    finally:
        await client.aclose()
    return ok(subject, f"{place(url)}, Redis {version}")


def _rabbitmq(url: SecretStr) -> Finding:
    parameters = pika.URLParameters(url.get_secret_value())
    parameters.connection_attempts = 1
    parameters.socket_timeout = parameters.stack_timeout = parameters.blocked_connection_timeout = _PATIENCE
    # What goes wrong is said once, by the finding.
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    try:
        connection = pika.BlockingConnection(parameters)
    except AMQPConnectorStackTimeout:
        return fail("broker", f"{place(url)}: what answers does not speak AMQP.", "Correct broker.url.")
    except (AMQPError, OSError) as error:
        mend = "Start RabbitMQ there, or correct broker.url (user, password and virtual host too)."
        return fail("broker", f"{place(url)}: {reason(error)}.", mend)
    connection.close()
    return ok("broker", f"{place(url)}, RabbitMQ")
