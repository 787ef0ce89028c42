"""A broker that wants to know who one is: passwords, certificates, and what each may do."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confluent_kafka.admin._acl import AclBinding, AclBindingFilter, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType
from confluent_kafka.admin._scram import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion

from tests.oracles.broker import Broker, NoBroker, free_port, start
from tests.oracles.certificates import Authority, Bearer

PASSWORD = "Correct-Horse+Battery/Staple"  # noqa: S105 - of a broker that lives for seconds
"""Of everybody here; nothing else is called so."""
DOORS = {"SASL_SSL": "SASL_SSL", "MUTUAL": "SSL", "MISNAMED": "SSL"}


@dataclass
class Guarded:
    """Where it is reached by whom; `open` is the door without a guard, for the test itself."""

    open: Broker
    doors: dict[str, int]
    authority: Authority
    client: Bearer

    def at(self, door: str) -> str:
        """Return an address."""
        return f"127.0.0.1:{self.doors[door]}"

    def options(self, mechanism: str, user: str, **more: str) -> dict[str, str]:
        """Return what lets somebody in, if the variable KAFKA_PASSWORD is right."""
        return {
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": mechanism,
            "sasl.username": user,
            "sasl.password": "${KAFKA_PASSWORD}",
            "ssl.ca.location": str(self.authority.certificate),
            **more,
        }

    def mutual(self) -> dict[str, str]:
        """Return what lets the bearer of the client's certificate in."""
        return {
            "security.protocol": "SSL",
            "ssl.ca.location": str(self.authority.certificate),
            "ssl.certificate.location": str(self.client.certificate),
            "ssl.key.location": str(self.client.key),
            "ssl.key.password": "${KAFKA_PASSWORD}",
        }

    def user(self, name: str) -> None:
        """Make a user with the password, who may do nothing yet."""
        how = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        asked = UserScramCredentialUpsertion(name, how, PASSWORD.encode())
        self.open.admin.alter_user_scram_credentials([asked])[name].result(30)

    def allow(self, user: str, topic: str, *what: AclOperation) -> None:
        """Let a user do something with a topic."""
        self._acls(self.open.admin.create_acls(_bindings(user, topic, what)))

    def allow_group(self, user: str, group: str, *what: AclOperation) -> None:
        """Let a user do something with a group."""
        if what:
            self._acls(self.open.admin.create_acls(_bindings(user, group, what, ResourceType.GROUP)))

    def revoke(self, user: str, topic: str, *what: AclOperation) -> None:
        """Let a user do it no more."""
        self._acls(self.open.admin.delete_acls([_filter(each) for each in _bindings(user, topic, what)]))

    def _acls(self, futures: dict[Any, Any]) -> None:
        for future in futures.values():
            future.result(30)


def guarded(folder: Path) -> Guarded:
    """Start one.

    Raises:
        NoBroker: Java or openssl is missing, or it does not start.
    """
    if shutil.which("openssl") is None:
        raise NoBroker("no certificates: openssl is not installed")
    folder.mkdir(parents=True)
    authority = Authority(folder)
    broker = authority.signed("broker", IP="127.0.0.1", DNS="localhost")
    misnamed = authority.signed("misnamed", DNS="elsewhere.example")
    client = authority.signed("client", PASSWORD)
    port, controller = free_port(), free_port()
    doors = {door: free_port() for door in DOORS}
    settings = {
        **_listeners({"PLAINTEXT": port, **doors}, controller),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": broker.both(),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": authority.certificate,
        "listener.name.mutual.ssl.client.auth": "required",
        "listener.name.misnamed.ssl.keystore.type": "PEM",
        "listener.name.misnamed.ssl.keystore.location": misnamed.both(),
        **_users(),
    }
    place = folder / "broker"
    place.mkdir()
    (place / "more.properties").write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
    return Guarded(Broker(start(place, os.getpid(), port, controller)), doors, authority, client)


def _listeners(doors: dict[str, int], controller: int) -> dict[str, object]:
    spoken = {"PLAINTEXT": "PLAINTEXT", "CONTROLLER": "PLAINTEXT", **DOORS}
    named = [f"{door}://127.0.0.1:{port}" for door, port in doors.items()]
    return {
        "listeners": ",".join([*named, f"CONTROLLER://127.0.0.1:{controller}"]),
        "advertised.listeners": ",".join(named),
        "listener.security.protocol.map": ",".join(f"{door}:{what}" for door, what in spoken.items()),
        "inter.broker.listener.name": "PLAINTEXT",
    }


def _users() -> dict[str, object]:
    modules = "org.apache.kafka.common.security"
    plain = f'{modules}.plain.PlainLoginModule required user_plain="{PASSWORD}";'
    return {
        "sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
        "listener.name.sasl_ssl.plain.sasl.jaas.config": plain,
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": (
            f"{modules}.scram.ScramLoginModule required;"
        ),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS;User:plain;User:scram;User:CN=client",
    }


def _bindings(
    user: str, name: str, what: tuple[AclOperation, ...], of: ResourceType = ResourceType.TOPIC
) -> list[AclBinding]:
    kind = ResourcePatternType.LITERAL
    return [AclBinding(of, name, kind, f"User:{user}", "*", each, AclPermissionType.ALLOW) for each in what]


def _filter(binding: AclBinding) -> Any:
    return AclBindingFilter(
        binding.restype,
        binding.name,
        binding.resource_pattern_type,
        binding.principal,
        binding.host,
        binding.operation,
        binding.permission_type,
    )
