"""The contracts: subclass one, give it an adapter, and a green run says that every law of its port is kept.

class TestMine(RepositoryContract):
    @pytest.fixture
    def repository(self):
        return MyRepository()
"""

from __future__ import annotations

from . import held
from .port_laws.customers import CustomersContract as CustomersContract
from .port_laws.directory import DirectoryContract as DirectoryContract
from .port_laws.evidence import EvidenceContract as EvidenceContract
from .port_laws.notifier import Message as Message
from .port_laws.notifier import NotifierContract as NotifierContract
from .port_laws.vouchers import GenuinenessContract as GenuinenessContract
from .port_laws.vouchers import VoucherReaderContract as VoucherReaderContract
from .store_laws.asked import Asked
from .store_laws.booked import Booked
from .store_laws.filed import Filed
from .store_laws.kept import Kept
from .store_laws.refused import Refused
from .store_laws.sent import Sent
from .store_laws.surviving import Surviving
from .store_laws.together import Together
from .store_laws.whole import Whole


class RepositoryContract(Kept, Refused, Whole, Asked, Booked, Filed, Sent, Together, Surviving, contract=True):
    """One test a law of `ports.repository`, the docstring being the law.

    The subclass defines the fixture `repository`: an empty store for each test. It declares what the store can do in
    `durable` (then it defines `reopen`), `concurrent` and `back_door` (then `meddle`); the laws of a power that is not
    declared are skipped by name. A law can't be overridden.
    """


def laws(contract: type[held.Held] = RepositoryContract) -> tuple[str, ...]:
    """The names of a contract's laws, in order."""
    return held.laws(contract)
