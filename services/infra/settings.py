"""Every setting of an installation, read once from the environment or from ``.env``.

Names are ``MIXLINE_<FIELD>`` unless an alias says otherwise. ``docs/settings.md`` is written from this class, and a
test fails when the two differ, so the description of a field is its documentation.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, SecretStr, computed_field
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parents[2]


class Settings(BaseSettings):
    """The settings of one process; build it through :func:`get_settings`."""

    model_config = SettingsConfigDict(env_prefix="MIXLINE_", env_file=ROOT / ".env", extra="ignore", frozen=True)

    data: Path = Field(
        Path(".data"), description="Folder of everything the product stores; relative to the root of Mixline."
    )
    host: str = Field("0.0.0.0", description="Address to listen on.")  # noqa: S104 a server for the house's network
    port: int = Field(3000, ge=1, le=65535, description="Port of pages, socket and API.")
    env: Literal["production", "development"] = Field(
        "production", description="development also accepts sockets that send no Origin header."
    )
    public_url: str = Field(
        "",
        description="Address people use, e.g. https://poker.example.org behind a proxy; empty: any host name.",
    )
    origins: list[str] = Field(
        default_factory=list, description="Further origins allowed to open the socket, as a JSON list."
    )
    trusted_proxies: str = Field(
        "", description="Comma-separated addresses whose X-Forwarded-For and -Proto headers count; empty: nobody's."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe level that is logged."
    )
    log_mib: int = Field(
        20, ge=1, description="MiB of a log file in the data folder before it is put aside; five of each are kept."
    )
    max_body_bytes: int = Field(262_144, ge=1024, description="Largest request body accepted under /api.")
    api_calls_per_caller: int = Field(600, ge=1, description="Calls of /api a minute by one session or token.")
    api_calls_per_address: int = Field(3000, ge=1, description="Calls of /api a minute from one network address.")
    streams_per_address: int = Field(100, ge=1, description="Live feeds (boards, solves) one address may hold open.")
    sockets_per_address: int = Field(1000, ge=1, description="Sockets that one network address may hold open.")
    sockets_per_session: int = Field(20, ge=1, description="Sockets (tabs) that one session may hold open.")
    socket_opens_per_minute: int = Field(600, ge=1, description="Sockets a minute that one address may open.")

    database_url: SecretStr = Field(
        SecretStr(""), alias="DATABASE_URL", description="PostgreSQL of your own instead of the embedded one."
    )
    redis_url: SecretStr = Field(
        SecretStr(""), alias="REDIS_URL", description="Redis or Valkey of your own instead of the embedded one."
    )
    clickhouse_url: SecretStr = Field(
        SecretStr(""), alias="CLICKHOUSE_URL", description="ClickHouse of your own instead of the embedded one."
    )
    state_redis_url: SecretStr = Field(
        SecretStr(""), description="Redis for page state alone; empty: the next logical database of REDIS_URL."
    )
    cache_redis_url: SecretStr = Field(
        SecretStr(""), description="Redis for the cache of strategies, best not the one of sessions; empty: REDIS_URL."
    )
    sentry_dsn: SecretStr = Field(
        SecretStr(""), alias="SENTRY_DSN", description="Where errors are reported; empty: nowhere."
    )

    database_pool: int = Field(10, ge=1, description="PostgreSQL connections kept open by the web process.")
    cache_bytes: int = Field(64 * 1024 * 1024, ge=0, description="Memory of the in-process cache in front of Redis.")
    threads: int = Field(
        max(1, (os.cpu_count() or 2) - 1), ge=1, description="Threads all solves share; one core is left to the server."
    )

    session_idle_hours: int = Field(24 * 14, ge=1, description="A session ends after this long without use.")
    session_absolute_hours: int = Field(24 * 90, ge=1, description="A session ends this long after sign-in.")
    refresh_grace_s: float = Field(
        10.0, ge=1, le=60, description="Seconds for which a replaced refresh token still gives the present one."
    )
    token_keys: SecretStr = Field(
        SecretStr(""),
        description="JWK set (Ed25519) that signs access tokens, newest first; empty: made in the data folder.",
    )
    audit_key: SecretStr = Field(
        SecretStr(""), description="Secret that the audit trail is chained with; empty: made in the data folder."
    )

    sealing_key: SecretStr = Field(
        SecretStr(""),
        description="Fernet keys for second factors, newest first, with commas; empty: made in the data folder.",
    )
    confirm_registration: bool | None = Field(
        None, description="Accounts need a confirmed address before the first sign-in; empty: when mail can be sent."
    )
    deletion_days: int = Field(30, ge=0, description="Days in which a deleted account can be taken back.")

    smtp_host: str = Field("", description="Mail server; empty: mails are files in the data folder (./mixline mail).")
    smtp_port: int = Field(587, ge=1, le=65535, description="Port of the mail server.")
    smtp_user: str = Field("", description="Name to sign in to the mail server with; empty: without.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Password for the mail server.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="Encryption to the mail server; none only makes sense on the same machine."
    )
    mail_from: str = Field("", description="Sender of mails; empty: mixline@ the host of MIXLINE_PUBLIC_URL.")

    oidc_issuer: str = Field(
        "",
        description="OpenID Connect provider of your own, by its issuer exactly as its discovery document writes it.",
    )
    oidc_name: str = Field("Single sign-on", description="What its button says.")
    oidc_client_id: str = Field("", description="Client id at that provider.")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="Client secret at that provider.")
    google_client_id: str = Field("", description="Client id for signing in with Google.")
    google_client_secret: SecretStr = Field(SecretStr(""), description="Client secret at Google.")
    github_client_id: str = Field("", description="Client id for signing in with GitHub.")
    github_client_secret: SecretStr = Field(SecretStr(""), description="Client secret at GitHub.")
    discord_client_id: str = Field("", description="Client id for signing in with Discord.")
    discord_client_secret: SecretStr = Field(SecretStr(""), description="Client secret at Discord.")
    microsoft_client_id: str = Field("", description="Client id for signing in with Microsoft.")
    microsoft_client_secret: SecretStr = Field(SecretStr(""), description="Client secret at Microsoft.")
    microsoft_tenant: str = Field("common", description="Microsoft tenant whose accounts may sign in; common: all.")

    set_size: int = Field(20, ge=1, description="Decisions in a set.")
    weekly_items: int = Field(200, ge=1, description="Decisions of the weekly ranked set; a fair board needs 200.")
    ranked_decision_s: int = Field(
        600, ge=1, description="Seconds for a decision of a ranked set before it is checked or folded."
    )
    board_minimum: int = Field(100, ge=1, description="Decisions of a week's set needed for a rank on its board.")
    daily_shrinkage: float = Field(
        20.0, ge=0, description="k of the daily board's score: how many decisions hold a score back by half."
    )
    board_clients: int = Field(500, ge=1, description="Open live feeds of boards at one time.")

    grade_inaccuracy_pct: float = Field(
        1.5, ge=0, description="Loss in % of the pot from which a play is an inaccuracy."
    )
    grade_wrong_bb: float = Field(0.05, ge=0, description="Least loss in bb of a wrong play.")
    grade_wrong_always_bb: float = Field(1.0, ge=0, description="Loss in bb that is wrong whatever the pot.")
    grade_blunder_pct: float = Field(5.0, ge=0, description="Loss in % of the pot from which a play is a blunder.")
    grade_blunder_bb: float = Field(0.25, ge=0, description="Least loss in bb of a blunder.")
    grade_blunder_always_bb: float = Field(3.0, ge=0, description="Loss in bb that is a blunder whatever the pot.")
    grade_uncertain_pct: float = Field(
        1.5, ge=0, description="Tolerance in % of the pot above which no grade is given."
    )
    grade_best_frequency: float = Field(
        0.10, ge=0, le=1, description="Least frequency of an action that may be called best."
    )

    analytics_retention_days: int = Field(
        730, ge=2, description="Days that ClickHouse keeps events; PostgreSQL keeps all."
    )
    analytics_interval_s: float = Field(2.0, gt=0, description="Seconds between two deliveries to ClickHouse.")
    analytics_batch_rows: int = Field(10_000, ge=1, description="Most rows of one delivery to ClickHouse.")

    solve_memory_mib: int = Field(256, ge=1, description="Largest custom solve of a guest or free account, in MiB.")
    solve_seconds: int = Field(20, ge=1, description="Longest custom solve of a guest or free account.")
    solve_storage_mib: int = Field(256, ge=1, description="MiB of solutions a guest or free account may keep.")
    guest_solve_storage_mib: int = Field(
        2048, ge=1, description="MiB of solutions of all guests together; the oldest go first."
    )
    premium_solve_memory_mib: int = Field(2048, ge=1, description="Largest custom solve of a premium account, in MiB.")
    premium_solve_seconds: int = Field(120, ge=1, description="Longest custom solve of a premium account.")
    premium_solve_storage_mib: int = Field(2048, ge=1, description="MiB of solutions a premium account may keep.")
    admin_solve_memory_mib: int = Field(8192, ge=1, description="Largest custom solve of an administrator, in MiB.")
    admin_solve_seconds: int = Field(600, ge=1, description="Longest custom solve of an administrator.")
    admin_solve_storage_mib: int = Field(20480, ge=1, description="MiB of solutions an administrator may keep.")

    library_growth: bool = Field(
        True, description="Solve further flops of the library while nobody plays, at the lowest priority."
    )
    library_growth_mib: int = Field(8192, ge=64, description="Memory that one such solve may take, in MiB.")
    library_growth_quiet_s: float = Field(
        300, ge=0, description="Seconds without a player after which the library grows; it pauses when one comes."
    )
    library_flops: int = Field(49, ge=1, le=1755, description="Flops a family that the library grows to.")

    @property
    def site(self) -> str:
        """The address that links in mails begin with; never what a request claims to have asked for."""
        return self.public_url.rstrip("/") or f"http://localhost:{self.port}"

    @property
    def confirms_registration(self) -> bool:
        """Whether registering takes a confirmed address."""
        return bool(self.smtp_host) if self.confirm_registration is None else self.confirm_registration

    @computed_field  # type: ignore[prop-decorator]
    @property
    def data_folder(self) -> Path:
        """``data`` as an absolute path."""
        return self.data if self.data.is_absolute() else ROOT / self.data

    @computed_field  # type: ignore[prop-decorator]
    @property
    def page_state_redis_url(self) -> str | None:
        """Where Reflex keeps page state: apart from all else, because write access to it is code execution."""
        if self.state_redis_url.get_secret_value():
            return self.state_redis_url.get_secret_value()
        url = self.redis_url.get_secret_value()
        if not url:
            return None
        parts = urlsplit(url)
        return urlunsplit(parts._replace(path=f"/{int(parts.path.strip('/') or 0) + 1}"))


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read at the first call; ``get_settings.cache_clear()`` reads them again."""
    return Settings()  # pyright: ignore[reportCallIssue] the fields come from the environment
