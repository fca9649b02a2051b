"""Words and codes of records from many places, recognised by the default terms."""

from __future__ import annotations

import pytest

from patients.domain.terms import Term, TermKind, classify, coded, normalise
from tests.unit.patients.screening_worlds import TERMS


def tags(text: str, kind: TermKind, *codes: str) -> set[str]:
    return set(classify(text, codes, TERMS, kind))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Warfarin Sodium 5 MG Oral Tablet", {"anticoagulant"}),
        ("Coumadin", {"anticoagulant"}),
        ("XARELTO 20mg", {"anticoagulant"}),
        ("Rivaroxaban 15 MG Oral Tablet", {"anticoagulant"}),
        ("Eliquis", {"anticoagulant"}),
        ("edoxaban", {"anticoagulant"}),
        ("Pradaxa 150", {"anticoagulant"}),
        ("Clopidogrel 75 MG Oral Tablet", {"anticoagulant"}),
        ("0.4 ML Enoxaparin sodium 100 MG/ML Prefilled Syringe", {"anticoagulant"}),
        ("heparin sodium, porcine 100 UNT/ML", {"anticoagulant"}),
        ("Ticagrelor", {"anticoagulant"}),
        ("Effient", {"anticoagulant"}),
        ("Kardégic 75 mg", {"anticoagulant"}),
        ("Aspirin 81 MG Oral Tablet", {"anticoagulant", "nsaid"}),
        ("Acide acétylsalicylique", {"anticoagulant", "nsaid"}),
        ("Naproxen sodium 220 MG Oral Tablet", {"nsaid"}),
        ("Ibuprofen 200 MG", {"nsaid"}),
        ("Voltarène 50", {"nsaid"}),
        ("Digoxin 0.125 MG Oral Tablet", {"heart_medicine"}),
        ("Nitroglycerin 0.4 MG/ACTUAT Mucosal Spray", {"heart_medicine"}),
        ("insulin human, isophane 70 UNT/ML / Regular 30 UNT/ML [Humulin]", {"insulin"}),
        ("Humalog", {"insulin"}),
        ("predniSONE 5 MG Oral Tablet", {"immunosuppressant"}),
        ("Methotrexate 2.5 MG Oral Tablet", {"immunosuppressant"}),
        ("Hydrocortisone 10 MG/ML Topical Cream", set()),
        ("120 ACTUAT Fluticasone propionate 0.044 MG/ACTUAT Metered Dose Inhaler", set()),
        ("Roaccutane", {"isotretinoin"}),
        ("1 ML DOCEtaxel 20 MG/ML Injection", {"cancer_treatment"}),
        ("0.25 ML Leuprolide Acetate 30 MG/ML Prefilled Syringe", {"cancer_hormone_treatment"}),
        (
            "NDA020800 0.3 ML Epinephrine 1 MG/ML Auto-Injector",
            {"adrenaline_autoinjector"},
        ),
        ("Fish oil 1000 mg", {"bleeding_supplement"}),
        ("Acetaminophen 325 MG Oral Tablet", set()),
        ("Simvastatin 20 MG Oral Tablet", set()),
        ("Vitamin B 12 5 MG/ML Injectable Solution", set()),
        ("no longer takes aspirin", {"past:anticoagulant", "past:nsaid"}),
        ("no aspirin", set()),
    ],
)
def test_medicines(text: str, expected: set[str]) -> None:
    found = {
        tag
        for tag in tags(text, TermKind.MEDICINE)
        if tag.removeprefix("past:") not in {"photosensitiser"}
    }
    assert found == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Allergy to fish", {"allergen:fish"}),
        ("Fish oil", {"allergen:fish"}),
        ("Allergie au poisson", {"allergen:fish"}),
        ("Fischallergie", {"allergen:fish"}),
        ("alergia al pescado", {"allergen:fish"}),
        ("Shellfish allergy", {"allergen:shellfish"}),
        ("seafood", {"allergen:fish", "allergen:shellfish"}),
        ("Allergy to eggs", {"allergen:egg"}),
        ("Œufs", {"allergen:egg"}),
        ("eggplant", set()),
        ("Allergy to soya", {"allergen:soy"}),
        ("lecithin", {"allergen:soy"}),
        ("Allergy to bee venom", {"allergen:bee"}),
        ("Latex allergy", {"allergen:latex"}),
        ("Allergy to nut", {"allergen:nut"}),
        ("Allergy to peanuts", {"allergen:peanut"}),
        ("coconut", set()),
        ("nutmeg", set()),
        ("Allergy to dairy product", {"allergen:dairy"}),
        ("Lactose intolerance", set()),
        ("milk thistle", set()),
        ("Sulphites in wine", {"allergen:sulphite"}),
        ("sodium metabisulfite", {"allergen:sulphite"}),
        ("Sulfa", {"allergen:sulfonamide"}),
        ("Lidocaine", {"allergen:local-anaesthetic-amide"}),
        ("procaine", {"allergen:local-anaesthetic-ester"}),
        (
            "Local anesthetics",
            {"allergen:local-anaesthetic-amide", "allergen:local-anaesthetic-ester"},
        ),
        ("Allergy to mould", {"allergen:mould"}),
        ("House dust mite allergy", {"allergen:dust-mite"}),
        ("Dander (animal) allergy", {"allergen:animal-dander"}),
        ("Allergy to grass pollen", {"allergen:pollen"}),
        ("Jellyfish sting", set()),
        ("No known allergies", set()),
        ("No known egg allergy", set()),
        ("not allergic to fish", set()),
        ("penicillin; no fish allergy", {"allergen:penicillin"}),
    ],
)
def test_allergens(text: str, expected: set[str]) -> None:
    assert tags(text, TermKind.ALLERGEN) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Normal pregnancy", {"pregnancy"}),
        ("Tubal pregnancy", {"pregnancy"}),
        ("Schwangerschaft", {"pregnancy"}),
        ("Miscarriage in first trimester", {"past:pregnancy"}),
        ("Pregnancy after previous miscarriage", {"pregnancy", "past:pregnancy"}),
        ("not pregnant", set()),
        ("Carcinoma in situ of prostate (disorder)", {"cancer", "prostate_disease"}),
        ("Neoplasm of prostate", {"cancer", "prostate_disease"}),
        ("Suspected lung cancer (situation)", {"cancer"}),
        ("Non-small cell lung cancer (disorder)", {"cancer"}),
        ("History of breast cancer", {"past:cancer"}),
        ("Breast cancer, now in remission", {"cancer"}),
        ("Breast cancer in remission", {"past:cancer"}),
        ("Former smoker with lung cancer", {"cancer"}),
        ("Family history of breast cancer", set()),
        ("Benign neoplasm of skin", set()),
        ("Benign tumour and breast cancer", {"cancer"}),
        ("Polyp of colon", set()),
        ("Non-melanoma skin cancer", {"cancer", "skin_cancer"}),
        ("Malignant melanoma of skin", {"cancer", "skin_cancer"}),
        ("Stroke", {"stroke"}),
        ("History of stroke", {"past:stroke"}),
        ("Antécédent d'AVC", {"past:stroke"}),
        ("Heat stroke", set()),
        ("Heat stroke; stroke", {"stroke"}),
        ("Diabetes", {"diabetes"}),
        ("Prediabetes", set()),
        ("Diabetes mellitus type 1 (disorder)", {"diabetes", "diabetes_insulin"}),
        ("Non-insulin-dependent diabetes mellitus", {"diabetes"}),
        ("Coronary Heart Disease", {"heart_disease"}),
        ("Atrial Fibrillation", {"heart_disease", "arrhythmia"}),
        ("History of myocardial infarction (situation)", {"past:heart_disease"}),
        ("Heartburn", set()),
        ("no known heart disease", set()),
        ("Atopic dermatitis", {"dermatitis"}),
        ("Acute allergic reaction", {"severe_allergy"}),
        ("Pulmonary hypertension", set()),
        ("Haemophilia A", {"clotting_disorder"}),
        ("Hämophilie", {"clotting_disorder"}),
        ("Herpes zoster vaccination", set()),
        ("Cellulitis of leg", {"skin_infection"}),
        ("Alzheimer's disease (disorder)", {"dementia"}),
        ("Suspected COVID-19", set()),
        ("Body mass index 30+ - obesity (finding)", {"obesity"}),
    ],
)
def test_conditions(text: str, expected: set[str]) -> None:
    assert tags(text, TermKind.CONDITION) == expected


@pytest.mark.parametrize(
    ("code", "kind", "tag"),
    [
        ("snomed:417532002", TermKind.ALLERGEN, "allergen:fish"),
        ("snomed:230690007", TermKind.CONDITION, "stroke"),
        ("rxnorm:855332", TermKind.MEDICINE, "anticoagulant"),
        ("ATC:B01AF01", TermKind.MEDICINE, "anticoagulant"),
        ("atc:M01AE01", TermKind.MEDICINE, "nsaid"),
        ("snomed:19169002", TermKind.CONDITION, "past:pregnancy"),
        ("snomed:399211009", TermKind.CONDITION, "past:heart_disease"),
    ],
)
def test_codes_speak_where_words_do_not(code: str, kind: TermKind, tag: str) -> None:
    assert tags("", kind, code) == {tag}


def test_a_past_cue_makes_a_coded_item_past() -> None:
    assert tags("History of stroke", TermKind.CONDITION, "snomed:230690007") == {"past:stroke"}
    mixed = tags("Stroke, former smoker", TermKind.CONDITION, "snomed:230690007")
    assert mixed == {"stroke"}


def test_kinds_keep_to_themselves() -> None:
    assert tags("aspirin", TermKind.ALLERGEN) == {"allergen:nsaid"}
    assert "anticoagulant" in classify("aspirin", (), TERMS)


def test_codes_are_named_by_their_system() -> None:
    assert coded("http://snomed.info/sct", "230690007") == "snomed:230690007"
    assert coded("http://www.nlm.nih.gov/research/umls/rxnorm/", "11289") == "rxnorm:11289"
    assert coded("http://example.org/own", "1") == ""
    assert coded("http://snomed.info/sct", "") == ""


def test_normalising_folds_case_accents_and_signs() -> None:
    assert normalise("  Crème-Brûlée, Straße; ŒUF_x ") == "creme brulee strasse oeuf x"


def test_a_term_without_words_or_codes_matches_nothing() -> None:
    assert classify("anything", ("snomed:1",), (Term(TermKind.CONDITION, "x"),)) == frozenset()


def test_default_terms_are_well_formed() -> None:
    keys = [(term.kind, term.tag, term.past) for term in TERMS]
    assert len(keys) == len(set(keys))
    for term in TERMS:
        assert term.label
        assert len(term.label) <= 100
        assert len(term.tag) <= 60
        assert all(0 < len(word) <= 100 for word in term.words + term.excludes)
        assert all(code.partition(":")[0] in {"snomed", "rxnorm", "atc"} for code in term.codes)
        assert (term.kind is TermKind.ALLERGEN) == term.tag.startswith("allergen:") or (
            term.tag == "severe_allergy"
        )
        for word in term.words:
            if "**" not in word:
                sample = word.replace("*", "")
                found = classify(sample, (), (term,))
                assert found, (term.tag, word)
