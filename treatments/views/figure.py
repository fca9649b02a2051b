"""Own line drawings of a face, a head from above and a body, with the target areas as shapes.

Coordinates are those of each view's own box; the injection map draws on the same figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from treatments.domain.injections import MapDraft


@dataclass(frozen=True)
class View:
    """One figure: its box, how many mm one unit of it is, and each area's SVG path data by key.

    `short` is the word on its button. Points closer than `least` units are not drawn as a grid.
    """

    name: str
    title: Any
    box: str
    areas: Mapping[str, str]
    short: Any = ""
    mm: float = 0.61
    least: float = 3.5

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the box."""
        _x, _y, width, height = self.box.split()
        return int(width), int(height)


_PAIR = re.compile(r"(-?[\d.]+) (-?[\d.]+)")


def mirrored(path: str, width: int) -> str:
    """Path data seen in a mirror; all of it is absolute pairs."""
    return _PAIR.sub(lambda found: f"{width - float(found[1]):g} {found[2]}", path)


_HEAD = "M134 126C160 137 240 137 266 126C290 142 302 176 304 210C303 252 298 296 280 338C264 376 232 424 200 424C168 424 136 376 120 338C102 296 97 252 96 210C98 176 110 142 134 126Z"

_FACE = View(
    "face",
    _("Face, from the front"),
    "0 0 400 520",
    {
        "face": _HEAD,
        "forehead": "M138 142C170 126 230 126 262 142C266 160 262 172 256 180C230 168 170 168 144 180C138 172 134 160 138 142Z",
        "glabella": "M186 182C192 178 208 178 214 182L210 214C206 218 194 218 190 214Z",
        "temples": "M112 158C122 152 130 158 132 172C132 190 126 202 116 206C108 196 106 172 112 158ZM288 158C278 152 270 158 268 172C268 190 274 202 284 206C292 196 294 172 288 158Z",
        "crows_feet": "M110 218C118 214 126 220 126 230C124 240 116 244 108 240ZM290 218C282 214 274 220 274 230C276 240 284 244 292 240Z",
        "under_eye": "M134 248C146 256 168 256 180 248C178 264 164 272 154 270C144 268 136 260 134 248ZM266 248C254 256 232 256 220 248C222 264 236 272 246 270C256 268 264 260 266 248Z",
        "nose": "M190 222C194 218 206 218 210 222L220 282C222 296 212 302 200 302C188 302 178 296 180 282Z",
        "cheeks": "M114 262C130 276 156 280 172 278C178 296 168 322 148 346C128 334 114 300 114 262ZM286 262C270 276 244 280 228 278C222 296 232 322 252 346C272 334 286 300 286 262Z",
        "nasolabial": "M174 294C168 312 160 326 156 340L166 342C172 328 178 312 182 300ZM226 294C232 312 240 326 244 340L234 342C228 328 222 312 218 300Z",
        "perioral": "M162 330C172 314 228 314 238 330C240 352 226 368 200 370C174 368 160 352 162 330Z",
        "chin": "M174 378C186 372 214 372 226 378C228 396 216 414 200 418C184 414 172 396 174 378Z",
        "jawline": "M112 320C120 352 142 390 172 408L180 398C154 380 134 346 124 312ZM288 320C280 352 258 390 228 408L220 398C246 380 266 346 276 312Z",
        "submental": "M166 424C186 434 214 434 234 424C232 440 216 448 200 448C184 448 168 440 166 424Z",
        "neck": "M152 420C176 450 224 450 248 420L250 470C226 484 174 484 150 470Z",
    },
    short=_("Front"),
)
_PROFILE = {
    "face": "M120 426C106 418 101 404 102 391C104 382 110 376 109 369C107 362 99 360 97 353C95 346 98 341 104 338C96 334 92 331 93 326C96 318 102 314 103 309C104 304 100 301 94 300C86 300 73 297 72 288C71 280 80 272 86 262C94 248 102 236 103 224C104 214 98 206 97 196C95 182 99 168 104 156C124 158 152 148 180 150C202 152 218 166 225 184C229 198 233 216 241 226C229 254 240 290 238 308C232 356 204 404 154 428Z",
    "forehead": "M103 157C140 165 170 163 190 159C192 174 188 184 182 192C160 184 128 186 98 196C96 184 98 168 103 157Z",
    "glabella": "M99 202L112 200C116 208 116 218 110 226L103 226C104 216 102 210 99 202Z",
    "temples": "M194 160C206 160 217 168 223 186C226 196 229 206 233 215C222 219 206 216 190 206C194 192 195 176 194 160Z",
    "crows_feet": "M160 220C172 216 186 218 190 226C190 238 182 246 168 246C160 240 158 228 160 220Z",
    "under_eye": "M112 250C126 256 142 254 156 246C160 258 152 268 138 272C126 272 114 262 112 250Z",
    "nose": "M104 230C108 250 112 268 118 282C118 296 112 304 102 303C88 301 74 297 72 288C71 280 80 272 86 262C94 250 101 240 104 230Z",
    "cheeks": "M136 280C160 278 184 268 204 254C224 270 230 296 222 320C208 350 186 366 166 362C150 342 138 312 136 280Z",
    "nasolabial": "M120 300C130 312 142 326 150 344L142 350C134 334 122 322 112 312Z",
    "perioral": "M103 309C122 312 142 326 152 346C148 362 132 374 109 371C107 362 99 360 97 353C95 346 98 341 104 338C96 334 92 331 93 326C96 318 102 314 103 309Z",
    "chin": "M109 376C124 378 140 384 148 392C146 410 134 424 120 426C106 418 101 404 102 391C103 385 107 380 109 376Z",
    "jawline": "M234 320C230 358 204 402 156 424L146 414C186 396 212 358 220 322Z",
    "submental": "M128 430C152 432 180 428 204 412L210 438C204 446 190 448 180 440C162 434 146 434 128 430Z",
    "neck": "M186 446C204 450 224 436 240 410L312 360C314 400 318 440 326 476C284 488 236 490 194 484Z",
}
_FACE_LEFT = View(
    "face_left", _("Face, left side"), "0 0 400 520", _PROFILE, short=_("Left"), mm=0.61
)  # fmt: skip
_FACE_RIGHT = View(
    "face_right",
    _("Face, right side"),
    "0 0 400 520",
    {key: mirrored(path, 400) for key, path in _PROFILE.items()},
    short=_("Right"),
)
_SCALP = View(
    "scalp",
    _("Scalp, from above"),
    "0 0 300 360",
    {
        "scalp": "M150 40C226 40 262 110 262 184C262 262 220 320 150 320C80 320 38 262 38 184C38 110 74 40 150 40Z",
        "scalp_front": "M92 70C124 48 176 48 208 70C214 92 214 104 210 116C180 104 120 104 90 116C86 104 86 92 92 70Z",
        "scalp_top": "M92 124C122 114 178 114 208 124C214 156 214 182 208 200C178 212 122 212 92 200C86 182 86 156 92 124Z",
        "scalp_temples": "M82 82C62 104 50 142 48 176L78 180C76 146 78 112 82 82ZM218 82C238 104 250 142 252 176L222 180C224 146 222 112 218 82Z",
        "scalp_crown": "M150 212C180 212 202 226 202 246C202 266 180 278 150 278C120 278 98 266 98 246C98 226 120 212 150 212Z",
        "scalp_back": "M84 268C110 292 190 292 216 268C204 298 178 312 150 312C122 312 96 298 84 268Z",
    },
    short=_("Scalp"),
    mm=0.7,
)
_FRONT = View(
    "front",
    _("Body, from the front"),
    "0 0 260 560",
    {
        "decollete": "M96 103C116 109 144 109 164 103L176 124C150 140 110 140 84 124Z",
        "shoulders": "M74 105C82 102 88 101 92 102L82 126C74 128 64 130 57 134C58 120 64 110 74 105ZM186 105C178 102 172 101 168 102L178 126C186 128 196 130 203 134C202 120 196 110 186 105Z",
        "arms": "M58 132L80 128L70 200L46 276L32 272L44 200ZM202 132L180 128L190 200L214 276L228 272L216 200Z",
        "upper_arms": "M58 132L80 128L70 196L46 192ZM202 132L180 128L190 196L214 192Z",
        "forearms": "M45 202L68 204L46 276L32 272ZM215 202L192 204L214 276L228 272Z",
        "hands": "M30 278L46 282C48 298 40 314 30 314C22 308 22 290 30 278ZM230 278L214 282C212 298 220 314 230 314C238 308 238 290 230 278Z",
        "abdomen": "M94 180C116 188 144 188 166 180L170 250C150 268 110 268 90 250Z",
        "upper_abdomen": "M94 180C116 188 144 188 166 180L168 212C144 218 116 218 92 212Z",
        "lower_abdomen": "M92 218C116 224 144 224 168 218L170 250C150 268 110 268 90 250Z",
        "flanks": "M84 184L92 182L88 248L82 246ZM176 184L168 182L172 248L178 246Z",
        "thighs": "M82 284L126 292L122 400L94 398ZM178 284L134 292L138 400L166 398Z",
        "inner_thighs": "M112 290L127 292L123 396L110 396ZM148 290L133 292L137 396L150 396Z",
        "outer_thighs": "M80 284L96 288L100 396L92 396ZM180 284L164 288L160 396L168 396Z",
        "knees": "M94 404L122 404L120 436L96 436ZM166 404L138 404L140 436L164 436Z",
        "ankles": "M100 510L116 510L116 530L100 530ZM160 510L144 510L144 530L160 530Z",
    },
    short=_("Body, front"),
    mm=3.2,
    least=3,
)
_BACK = View(
    "back",
    _("Body, from behind"),
    "0 0 260 560",
    {
        "back": "M88 104C116 112 144 112 172 104L170 250C146 258 114 258 90 250Z",
        "upper_back": "M88 104C116 112 144 112 172 104L172 172C146 180 114 180 88 172Z",
        "lower_back": "M88 180C114 188 146 188 172 180L170 250C146 258 114 258 90 250Z",
        "buttocks": "M84 262C104 254 126 258 129 268L129 312C112 322 88 316 82 300ZM176 262C156 254 134 258 131 268L131 312C148 322 172 316 178 300Z",
        "back_thighs": "M84 320L126 324L122 400L94 398ZM176 320L134 324L138 400L166 398Z",
        "calves": "M94 440L122 440L116 506L100 506ZM166 440L138 440L144 506L160 506Z",
    },
    short=_("Body, back"),
    mm=3.2,
    least=3,
)
VIEWS = (_FACE, _FACE_LEFT, _FACE_RIGHT, _SCALP, _FRONT, _BACK)


def figures(
    areas: Iterable[Mapping[str, Any]],
    drawing: MapDraft | None = None,
    ghosts: Mapping[str, MapDraft] | None = None,
) -> list[dict[str, Any]]:
    """The views that show any of the areas, with their shapes and points.

    `areas` as from `area_shapes`; bigger areas come first, so that a part lies on the whole.
    `ghosts` are maps to be shown faintly below, by name.
    """
    wanted = list(areas)
    shown = []
    for view in VIEWS:
        shapes = [
            {**one, "path": view.areas[one["key"]]} for one in wanted if one["key"] in view.areas
        ]
        if shapes:
            shapes.sort(key=lambda one: -_extent(one["path"]))
            shown.append(
                {
                    "view": view,
                    "shapes": shapes,
                    "points": dots(view, drawing),
                    "ghosts": {name: dots(view, one) for name, one in (ghosts or {}).items()},
                    "count": _count(view, drawing),
                }
            )
    return shown


def with_points(shown: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Only the views somebody has drawn on; all of them where nobody has."""
    every = list(shown)
    return [one for one in every if one["points"]] or every[:1]


def dots(view: View, drawing: MapDraft | None) -> str:
    """All points of a view as one SVG path of zero-length strokes, round caps make them dots."""
    width, height = view.size
    return "".join(
        f"M{x * width / 100:.1f} {y * height / 100:.1f}h0"
        for group in (drawing.groups if drawing else ())
        if group.view == view.name
        for x, y in group.points
    )


def _count(view: View, drawing: MapDraft | None) -> int:
    groups = drawing.groups if drawing else ()
    return sum(len(group.points) for group in groups if group.view == view.name)


def _extent(path: str) -> float:
    pairs = [(float(x), float(y)) for x, y in _PAIR.findall(path)]
    across, down = [x for x, _y in pairs], [y for _x, y in pairs]
    return (max(across) - min(across)) * (max(down) - min(down))
