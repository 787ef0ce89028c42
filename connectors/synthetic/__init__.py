"""A synthetic market: seeded, stateful, and the same bytes on every run.

Somebody sees the fair price and everybody else is a little late. Providers
quote around a lagged view of it, noise takers arrive in clusters on either
side, and informed takers hit the quotes that the fair price has left behind.
How much of the volume is informed is known, which no recording can say.

    settings ─► grid ─► market     what happens next, and when
                          ├── latent      the fair price, what is public of it, how busy it is
                          ├── providers   keep a ladder, a little late
                          ├── takers      noise, and those who know
                          ├── ladder      the orders that rest
                          └── feed        what is heard of it
                        tape       its rows, chunk by chunk

Our own orders do not move this market: they fill against it, and it goes on
as if they had not been there.
"""

from connectors.synthetic.settings import SyntheticMarket
from connectors.synthetic.tape import SyntheticTape, Truth, open_tape

__all__ = ["SyntheticMarket", "SyntheticTape", "Truth", "open_tape"]
