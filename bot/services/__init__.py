"""The use cases: each returns the answer to its caller. No Slack payload is parsed or block built here."""

from dataclasses import dataclass

from bot.deliver.languages import Languages
from bot.deliver.outbox import Outbox
from bot.domain.workspace import Workspace
from bot.metastudio.client import MetaStudio
from bot.services.by_name import ByNameService
from bot.services.caller import Caller
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
from bot.store import Store
from bot.watch.watcher import Watcher

__all__ = ["Caller", "Services"]


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

    @classmethod
    def of(
        cls,
        metastudio: MetaStudio,
        store: Store,
        outbox: Outbox,
        watcher: Watcher,
        languages: Languages,
        workspace: Workspace,
        *,
        fresh: float,
    ) -> "Services":
        """Build the services from the parts of a bot; for ``fresh`` see RateLimits."""
        look_up = LookUpService(metastudio, store, watcher, workspace)
        subscriptions = SubscriptionService(metastudio, store, outbox, watcher, look_up, workspace)
        choosing = LanguageService(store, languages, workspace)
        details = DetailsService(metastudio)
        channel_list = ChannelList(store, watcher, workspace)
        own = OwnList(store, watcher, workspace)
        overviews = OverviewService(ProjectJobs(metastudio, store, fresh=fresh))
        return cls(
            look_up,
            subscriptions,
            choosing,
            details,
            ByNameService(Finder(metastudio), look_up, details, subscriptions, channel_list),
            HomeService(overviews.waiting_jobs, own.followed, choosing),
            overviews,
            own,
            channel_list,
            StatusService(store, watcher, workspace),
        )
