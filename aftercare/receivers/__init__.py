from aftercare.receivers import (
    consents,
    contact,
    defaults,
    offers,
    providers,
    recalls,
    screening,
    sessions,
    visits,
)

__all__ = [
    "consents",
    "contact",
    "defaults",
    "offers",
    "providers",
    "recalls",
    "screening",
    "sessions",
    "visits",
]
