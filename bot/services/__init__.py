"""The use cases: each returns the answer to its caller. No Slack payload is parsed or block built here."""

from dataclasses import dataclass

from bot.deliver.languages import Languages
from bot.deliver.outbox import Outbox
from bot.domain.reminders import ReminderTimes
from bot.domain.workspace import Workspace
from bot.metastudio.client import MetaStudio
from bot.process.clock import Clock
from bot.services.by_name import ByNameService
from bot.services.caller import Caller
from bot.services.claims import ClaimService
from bot.services.details import DetailsService
from bot.services.finding import Finder
from bot.services.home import HomeService
from bot.services.languages import LanguageService
from bot.services.lists import ChannelList, OwnList
from bot.services.look_up import LookUpService
from bot.services.overviews import OverviewService
from bot.services.project_jobs import ProjectJobs
from bot.services.status import StatusService
from bot.services.subscriptions import SubscriptionService
from bot.services.wide import WideService
from bot.slack.people import People
from bot.store import Store
from bot.telemetry.metrics import Metrics
from bot.watch.watcher import Watcher

__all__ = ["Caller", "Parts", "Services"]


@dataclass(frozen=True)
class Parts:
    """The parts of a bot that services are built of; for ``fresh`` see RateLimits."""

    metastudio: MetaStudio
    store: Store
    outbox: Outbox
    watcher: Watcher
    languages: Languages
    people: People
    workspace: Workspace
    metrics: Metrics
    reminders: ReminderTimes
    clock: Clock
    fresh: float


@dataclass(frozen=True)
class Services:
    """All services, for the listeners."""

    look_up: LookUpService
    subscriptions: SubscriptionService
    languages: LanguageService
    details: DetailsService
    by_name: ByNameService
    home: HomeService
    overviews: OverviewService
    own: OwnList
    channel_list: ChannelList
    status: StatusService
    claims: ClaimService
    wide: WideService

    @classmethod
    def of(cls, parts: Parts) -> "Services":
        """Build the services from the parts of a bot."""
        metastudio, store, watcher = parts.metastudio, parts.store, parts.watcher
        workspace, clock = parts.workspace, parts.clock
        look_up = LookUpService(metastudio, store, watcher, workspace, clock)
        subscriptions = SubscriptionService(
            metastudio, store, parts.outbox, watcher, look_up, workspace, clock
        )
        choosing = LanguageService(store, parts.languages, workspace)
        details = DetailsService(metastudio)
        channel_list = ChannelList(store, watcher, workspace)
        own = OwnList(store, watcher, workspace)
        project = ProjectJobs(
            metastudio, store, fresh=parts.fresh, checks_fail=lambda: watcher.trouble is not None
        )
        overviews = OverviewService(project, store)
        claims = ClaimService(
            metastudio, store, parts.people, workspace, parts.reminders, parts.metrics, clock=clock
        )
        return cls(
            look_up,
            subscriptions,
            choosing,
            details,
            ByNameService(Finder(metastudio), look_up, details, subscriptions, channel_list),
            HomeService(overviews.waiting_jobs, own.entries, choosing),
            overviews,
            own,
            channel_list,
            StatusService(store, watcher, workspace),
            claims,
            WideService(store, parts.outbox, workspace, clock),
        )
