from aftercare.receivers import (
    consents,
    contact,
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
    "offers",
    "providers",
    "recalls",
    "screening",
    "sessions",
    "visits",
]
