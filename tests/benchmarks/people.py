# ruff: noqa: RUF001  (letters of many alphabets, on purpose)
"""A hundred thousand invented names of many countries, accents included."""

from __future__ import annotations

import random
from collections.abc import Iterator

# country, given names, family names
_WORLD: tuple[tuple[str, str, str], ...] = (
    ("FR", "Noémie Zoé Éloïse Maëlle Inès Loïc Rémi Théo Gaël Étienne Hélène Jérôme Anaïs Benoît",
     "Faure Lefèvre Béranger Garçon Dubois Moreau Girard Bonnet François Mercier Lambert Guérin"),
    ("PT", "Inês Conceição Leonor Lúcia Graça João Tomás Simão Rúben Gonçalo Catarina Mónica",
     "Carvalho Gonçalves Simões Araújo Falcão Magalhães Brandão Guimarães Assunção Cordeiro"),
    ("DE", "Jördis Käthe Grete Svenja Ursula Jürgen Björn Sören Götz Johann Friederike Ansgar",
     "Müller Schäfer Groß Köhler Weiß Krüger Jäger Böhm Schröder Vogel Brandt Hoffmann"),
    ("TR", "Gül Ayşe Özlem Çiğdem İrem Ömer Çağan Görkem Şükrü Barış Gökçe Müge Tuğba Uğur",
     "Şahin Yıldız Öztürk Çelik Güneş Kılıç Doğan Aydın Özdemir Koç Şimşek Yılmaz Çetin"),
    ("PL", "Małgorzata Łucja Zofia Bożena Agnieszka Tomasz Paweł Łukasz Michał Stanisław Żaneta",
     "Wójcik Zieliński Dąbrowski Król Żak Szymański Woźniak Kozłowski Jabłoński Wiśniewski"),
    ("SE", "Åsa Märta Elin Saga Linnéa Åke Björn Göran Nils Håkan Birgitta Östen Pär Maj",
     "Lindqvist Sjöberg Åkesson Nyström Öberg Bergström Sandström Forsgren Håkansson Björk"),
    ("IE", "Siobhán Aoife Niamh Róisín Caoimhe Seán Pádraig Cillian Eoin Tadhg Órla Gráinne",
     "Byrne O'Súilleabháin Kelleher Gallagher Ó'Briain Fitzgerald Nolan Hennessy Moriarty"),
    ("ES", "Marta Begoña Lucía Íñiga Pilar Ángel José Íñigo Raúl Andrés Belén Martín Rocío",
     "Ruiz Muñoz Ibáñez Núñez Peña García Fernández Gutiérrez Domínguez Castaño Jiménez"),
    ("IT", "Carla Chiara Niccolina Donatella Giosuè Niccolò Bruno Mattia Ezio Renzo Ilaria",
     "Neri D'Angelo Forlì Esposito Colò Ferrari Bianchi Marchetti Santoro Rinaldi Cattaneo"),
    ("BR", "Luíza Fátima Antônia Yasmin Débora Bruno Otávio Caíque Fábio Thiago Júlia Vinícius",
     "Costa Magalhães Assunção Brandão Prudêncio Nogueira Figueirêdo Sant'Anna Damião Queirós"),
    ("JP", "Yuki Haruka Sakura Emi Naoko Kenji Haruto Daichi Ren Shō Ayumi Kōji Yōko Takumi",
     "Tanaka Satō Kōno Ōta Itō Yamamoto Kobayashi Katō Yoshida Saitō Matsumoto Inoue Endō"),
    ("VN", "Thảo Ngọc Hương Linh Mai Đức Hùng Quân Tuấn Việt Trinh Khánh Bảo Phượng",
     "Nguyễn Trần Phạm Đặng Võ Lê Hoàng Huỳnh Bùi Đỗ Ngô Dương Lý"),
    ("CZ", "Eliška Růžena Kateřina Zdeňka Tereza Jiří Ondřej Matěj Tomáš Vojtěch Šárka Luboš",
     "Dvořák Černý Růžička Šťastný Kučera Novotný Procházka Veselý Horák Němec Pokorný"),
    ("NG", "Adaeze Folúkẹ́ Ngozi Títílayọ̀ Zainab Chidi Ọláolúwa Emeka Sẹ́gun Musa Amaka Tùndé",
     "Okafor Adébáyọ̀ Nwosu Balogun Eze Ògúnlẹ́yẹ Okonkwo Abubakar Adéwálé Chukwu"),
    ("IN", "Ananya Meera Priya Kavya Sunita Arjun Rohan Vikram Sanjay Imran Lakshmi Nikhil",
     "Iyer Kulkarni Rao Chatterjee Khan Deshpande Mukherjee Patel Reddy Krishnan Bhattacharya"),
    ("NZ", "Aroha Mere Ngaire Hana Kiri Wiremu Tāne Rangi Hēmi Tama Mānuka Tāwhiri",
     "Parata Ngāta Kāretu Williams Tāmihana Rāpata Walker Pōtiki Edwards Hēnare"),
    ("RO", "Ștefania Ioana Măriuca Țuțuianu Crăița Răzvan Ștefan Ilinca Mădălina Bogdan",
     "Popescu Ionescu Țepeș Brâncuși Mănescu Dumitrașcu Vlădescu Cărtărescu Șerban"),
    ("HU", "Eszter Zsófia Erzsébet Boglárka Győző Ödön Ágnes Csaba Örs Tünde Kálmán",
     "Szabó Kovács Tóth Nagy Horváth Kőszegi Fekete Molnár Lukács Székely Bíró"),
    ("IS", "Guðrún Þórdís Sigríður Björk Ásta Þór Ólafur Hörður Jökull Ægir Hrafnhildur",
     "Jónsdóttir Þorsteinsson Ólafsdóttir Guðmundsson Sigurðardóttir Björnsson Ásgeirsdóttir"),
    ("GB", "Charlotte Isla Poppy Florence Oliver Harry Alfie Zoë Chloë Rhys Siân Euan",
     "Ashworth Pemberton Fairclough MacLeod Llewellyn Brontë Whitaker Holloway Thackeray"),
)  # fmt: skip

_COUNTRIES = tuple((country, given.split(), family.split()) for country, given, family in _WORLD)


def names(count: int, rng: random.Random) -> Iterator[tuple[str, str, str, str]]:
    """`count` people as (given names, family name, whole name, country).

    Half have a second given name, a sixth two family names; some share a name, as people do.
    """
    for number in range(count):
        country, given, family = _COUNTRIES[number % len(_COUNTRIES)]
        first, last = rng.choice(given), rng.choice(family)
        if rng.random() < 0.5:
            first = f"{first} {rng.choice(given)}"
        if rng.random() < 1 / 6:
            last = f"{last}-{rng.choice(family)}"
        yield first, last, f"{first} {last}", country
