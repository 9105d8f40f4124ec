"""A project: the models, jobs and settings that a company owns, opened as one application.

Files are loaded by path under private names, so nobody imports them; each defines exactly one
`Model` or `Job`, named after its file, and a file that fails to load stops the start.
"""

from __future__ import annotations

import importlib.util
import os
import secrets as random_source
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from engage import settings as settings_module
from engage.app.app import App
from engage.app.definitions import actions_of, goals_of, known, triggers_of
from engage.app.rules import rules_of
from engage.app.triggers import seed_triggers
from engage.channels import build as build_channels
from engage.clock import Clock, SystemClock
from engage.errors import DefinitionError, SettingsError, StoreUnavailable, WrongUse
from engage.job import Job
from engage.scoring.barred import refuse_barred_features
from engage.scoring.definition import Model
from engage.settings import Secrets, Settings
from engage.settings.load import tables_in
from engage.store import Store
from engage.store.history import History

SETTINGS_FILE = "settings.toml"
_Definition = TypeVar("_Definition", Model, Job)


@dataclass(frozen=True)
class Project:
    """An opened project folder: the application and the jobs that run on it."""

    app: App
    jobs: Mapping[str, Job]
    off: Mapping[str, Job] = field(default_factory=dict)
    """The jobs that the settings switch off."""


def find_folder(start: Path | None = None) -> Path:
    """Return the nearest folder, from here upwards, that holds a settings file."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / SETTINGS_FILE).is_file():
            return folder
    raise WrongUse(
        f"no {SETTINGS_FILE} in {here} or above it; run `engage init DIR` and go there, "
        "or name a project with --project DIR"
    )


def open_project(
    folder: Path | None = None,
    *,
    clock: Clock | None = None,
    environ: Mapping[str, str] | None = None,
) -> Project:
    """Open a project: check its settings and files, bring the database up to date.

    Whoever opens it closes it: `project.app.store.close()`.
    """
    root = find_folder(folder)
    environment = os.environ if environ is None else environ
    settings = checked_settings(root, environment)
    secrets = Secrets.from_environ(environment)
    models = load_models(root / "models")
    for model in models.values():
        refuse_barred_features(model, settings.fairness.protected, settings.fairness.free_text)
    every = load_jobs(root / "jobs", settings)
    off = {name: every[name] for name, one in settings.jobs.items() if not one.enabled}
    app = _open_app(root, settings, secrets, models, clock or SystemClock())
    return Project(app, {name: job for name, job in every.items() if name not in off}, off)


def checked_settings(root: Path, environ: Mapping[str, str]) -> Settings:
    """Return a project's settings when every job, action, goal and queue they name is there."""
    settings = settings_module.load(root, environ)
    for name in settings.jobs:
        known(name, [path.stem for path in _files(root / "jobs")], f"{SETTINGS_FILE} [jobs.{name}]")
    triggers_of(settings, goals_of(settings), actions_of(settings))
    return settings


def existing_settings(folder: Path | None = None) -> Settings | None:
    """Return a project's settings; None where no project is, but a folder that is named is one."""
    try:
        root = find_folder(folder)
    except WrongUse:
        if folder is not None:
            raise
        return None
    return settings_module.load(root, os.environ)


def existing_store(folder: Path | None = None) -> Store | None:
    """Return a project's store where there is one that is up to date; make and change nothing.

    None too where no project is; a folder that is named must be one.
    """
    settings = existing_settings(folder)
    if settings is None:
        return None
    root = find_folder(folder)
    url = _store_url(root, settings, Secrets.from_environ(os.environ))
    store = Store.open(url, cache_mb=settings.store.cache_mb)
    if store.schema_is_current():
        return store
    store.close()
    return None


def bare_store(folder: Path | None = None) -> Store:
    """Return a project's database, whatever else is wrong with its settings, models and jobs.

    Where settings.toml cannot even be read as TOML, the database is that of the environment or the
    embedded one, if it is there.
    """
    root, secrets = find_folder(folder), Secrets.from_environ(os.environ)
    embedded = root / "var" / "engage.db"
    try:
        table = tables_in(root / SETTINGS_FILE).get("store")
    except SettingsError:
        if not (secrets.store_url or embedded.exists()):
            raise
        table = None
    named = table.get("url") if isinstance(table, dict) else None
    url = named if isinstance(named, str) and named else f"sqlite:///{embedded}"
    store = Store.open(secrets.store_url or url)
    store.upgrade()
    return store


def _open_app(
    root: Path, settings: Settings, secrets: Secrets, models: Mapping[str, Model], clock: Clock
) -> App:
    goals, actions = goals_of(settings), actions_of(settings)
    triggers = triggers_of(settings, goals, actions)
    url = _store_url(root, settings, secrets)
    store = Store.open(url, cache_mb=settings.store.cache_mb)
    try:
        store.upgrade()
        app = App(
            folder=root,
            settings=settings,
            secrets=secrets,
            clock=clock,
            store=store,
            history=History(root / settings.history.folder, store),
            models=models,
            goals=goals,
            actions=actions,
            channels=build_channels(settings, secrets),
            rules=rules_of(settings),
            secret=_secret(root, secrets),
        )
        seed_triggers(app, triggers)
    except BaseException:
        store.close()
        raise
    return app


def _store_url(root: Path, settings: Settings, secrets: Secrets) -> str:
    if secrets.store_url:
        return secrets.store_url
    return settings.store.url or f"sqlite:///{root / 'var' / 'engage.db'}"


def _secret(root: Path, secrets: Secrets) -> bytes:
    """Return the installation's key: from the environment, else made once and kept privately."""
    if secrets.secret:
        return secrets.secret.encode()
    path = root / "var" / "secret"
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_once(path, random_source.token_hex(32))
        kept = path.read_text().strip()
    except OSError as error:
        raise StoreUnavailable(
            f"{path}: the installation's key cannot be kept there ({error.strerror}); make the "
            "folder writable, or set ENGAGE_SECRET"
        ) from error
    if not kept:
        raise WrongUse(f"{path} is empty; put the installation's key back, or set ENGAGE_SECRET")
    return kept.encode()


def _write_once(path: Path, text: str) -> None:
    mine = path.with_name(f"{path.name}.{random_source.token_hex(8)}")
    with os.fdopen(os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(mine, path)
    except FileExistsError:
        pass
    finally:
        mine.unlink()


def load_models(folder: Path) -> dict[str, Model]:
    """Return each model of a folder by name, with the feature query of the file beside it."""
    models = {}
    for path in _files(folder):
        model = _only(path, Model)
        query = path.with_suffix(".sql")
        if not query.is_file():
            raise DefinitionError(f"{path}: its feature query {query.name} is missing beside it")
        models[model.name] = replace(model, query=query.read_text())
    return models


def load_jobs(folder: Path, settings: Settings) -> dict[str, Job]:
    """Return each job of a folder by name, also those switched off, at the settings' own times."""
    jobs = {job.name: job for job in (_only(path, Job) for path in _files(folder))}
    for name, override in settings.jobs.items():
        jobs[name] = jobs[name].rescheduled(override.every_s, override.at)
    return jobs


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.py"))


def _only(path: Path, kind: type[_Definition]) -> _Definition:
    module = _load(path)
    found = [value for value in vars(module).values() if isinstance(value, kind)]
    if len(found) != 1:
        raise DefinitionError(
            f"{path}: a file here defines exactly one {kind.__name__}; this one has {len(found)}"
        )
    definition = found[0]
    if definition.name != path.stem:
        raise DefinitionError(
            f"{path}: its {kind.__name__} is named {definition.name!r}; name it {path.stem!r}"
        )
    return definition


def _load(path: Path) -> ModuleType:
    name = f"_engage_project_{path.parent.name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise DefinitionError(f"{path}: this is not a Python file that can be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise DefinitionError(f"{path}, line {error.lineno}: {error.msg}") from error
    except Exception as error:
        raise DefinitionError(f"{path}: {type(error).__name__}: {error}") from error
    return module
