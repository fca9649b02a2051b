# ruff: noqa: RUF001  (letters of Turkish names, on purpose)
"""Invented patients of many countries. Any likeness to real people is chance."""

from __future__ import annotations

import datetime as dt
import random
import unicodedata
from dataclasses import dataclass

# country, language, given names of women, of men, family names
_WORLD: tuple[tuple[str, str, str, str, str], ...] = (
    ("FR", "fr", "Noémie Zoé Éloïse Maëlle Inès", "Loïc Rémi Théo Gaël Étienne",
     "Faure Lefèvre Béranger Garçon Le Gall"),
    ("PT", "pt", "Inês Conceição Leonor Lúcia Graça", "João Tomás Simão Rúben Gonçalo",
     "Carvalho Gonçalves Simões Araújo Falcão"),
    ("DE", "de", "Jördis Käthe Grete Svenja Ursula", "Jürgen Björn Sören Götz Johann",
     "Müller Schäfer Groß Köhler Weiß"),
    ("TR", "tr", "Gül Ayşe Özlem Çiğdem İrem", "Ömer Çağan Görkem Şükrü Barış",
     "Şahin Yıldız Öztürk Çelik Güneş"),
    ("PL", "pl", "Małgorzata Łucja Zofia Bożena Agnieszka", "Tomasz Paweł Łukasz Michał Stanisław",
     "Wójcik Zieliński Dąbrowski Król Żak"),
    ("SE", "sv", "Åsa Märta Elin Saga Linnéa", "Åke Björn Göran Nils Håkan",
     "Lindqvist Sjöberg Åkesson Nyström Öberg"),
    ("IE", "en", "Siobhán Aoife Niamh Róisín Caoimhe", "Seán Pádraig Cillian Eoin Tadhg",
     "Byrne O'Súilleabháin Ní Bhriain Kelleher Mac Giolla"),
    ("ES", "es", "Marta Begoña Lucía Íñiga Pilar", "Ángel José Íñigo Raúl Andrés",
     "Ruiz Muñoz Ibáñez Núñez Peña"),
    ("IT", "it", "Carla Chiara Niccolina Donatella Giosuè", "Niccolò Bruno Mattia Ezio Renzo",
     "Neri D'Angelo Forlì Esposito Colò"),
    ("BR", "pt", "Luíza Fátima Antônia Yasmin Débora", "Bruno Otávio Caíque Fábio Thiago",
     "Costa Magalhães Assunção Brandão Prudêncio"),
    ("JP", "en", "Yuki Haruka Sakura Emi Naoko", "Kenji Haruto Daichi Ren Sho",
     "Tanaka Satō Kōno Ōta Itō"),
    ("VN", "en", "Thảo Ngọc Hương Linh Mai", "Đức Hùng Quân Tuấn Việt",
     "Nguyễn Trần Phạm Đặng Võ"),
    ("CZ", "en", "Eliška Růžena Kateřina Zdeňka Tereza", "Jiří Ondřej Matěj Tomáš Vojtěch",
     "Dvořák Černý Růžička Šťastný Kučera"),
    ("NG", "en", "Adaeze Folúkẹ́ Ngozi Títílayọ̀ Zainab", "Chidi Ọláolúwa Emeka Sẹ́gun Musa",
     "Okafor Adébáyọ̀ Nwosu Balogun Eze"),
    ("IN", "en", "Ananya Meera Priya Kavya Sunita", "Arjun Rohan Vikram Sanjay Imran",
     "Iyer Kulkarni Rao Chatterjee Khan"),
    ("NZ", "en", "Aroha Mere Ngaire Hana Kiri", "Wiremu Tāne Rangi Hēmi Tama",
     "Parata Ngāta Kāretu Williams Te Ao"),
)  # fmt: skip


@dataclass(frozen=True)
class Face:
    """One invented person."""

    name: str
    family_name: str
    sex: str
    birth_date: dt.date
    email: str
    phone: str
    country: str
    language: str


def faces(count: int, today: dt.date, prefix: str, rng: random.Random) -> list[Face]:
    """`count` people, no two of the same name; a few have no e-mail or no phone.

    `prefix` starts the phone numbers: a range that is kept free for fiction.
    """
    made: dict[str, Face] = {}
    while len(made) < count:
        country, language, women, men, families = _WORLD[len(made) % len(_WORLD)]
        female = rng.random() < 0.72
        given, second = rng.sample((women if female else men).split(), 2)
        family = rng.choice(_families(families))
        name = f"{given} {family}"
        if name in made:
            name = f"{given} {second} {family}"
        if name in made:
            continue
        made[name] = Face(
            name=name,
            family_name=family,
            sex="female" if female else "male",
            birth_date=today - dt.timedelta(days=rng.randrange(19 * 366, 76 * 365)),
            email="" if rng.random() < 0.03 else f"{_ascii(name)}@patients.example",
            phone="" if rng.random() < 0.03 else f"{prefix}{len(made):04d}",
            country=country,
            language=language,
        )
    return list(made.values())


def _families(text: str) -> list[str]:
    """Words, with particles kept at the name they belong to."""
    names: list[str] = []
    for word in text.split():
        if names and names[-1] in {"Le", "Ní", "Mac", "Te"}:
            names[-1] = f"{names[-1]} {word}"
        else:
            names.append(word)
    return names


def _ascii(name: str) -> str:
    plain = name.replace("ł", "l").replace("Ł", "L").replace("ß", "ss").replace("ı", "i")
    plain = plain.replace("Đ", "D").replace("đ", "d").replace("ø", "o").replace("'", "")
    folded = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return ".".join(folded.lower().split())
