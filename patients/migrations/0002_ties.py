"""Composite foreign keys: everything about a patient is of one clinic. And the search by sound."""

from django.db import migrations

from mesoclinic.audit.operations import of_one_clinic, tie

# Words that sound alike: every word must be similar to a part of what is searched. The first word
# (the longest) is looked up in the trigram index; the threshold holds inside this function only.
ALIKE = """
CREATE OR REPLACE FUNCTION patients_alike(clinic uuid, words text[], most integer) RETURNS SETOF uuid
LANGUAGE sql STABLE PARALLEL SAFE
SET pg_trgm.word_similarity_threshold = 0.39
AS $$
    SELECT p.id
    FROM patients_patient p
    WHERE p.clinic_id = clinic
      AND p.search %> words[1]
      AND NOT EXISTS (SELECT FROM unnest(words[2:]) w WHERE NOT p.search %> w)
    ORDER BY (SELECT sum(word_similarity(w, p.search)) FROM unnest(words) w) DESC, p.id
    LIMIT most
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("patients", "0001_tables")]

    operations = [
        *of_one_clinic(
            "patients_externalidentifier",
            "patients_contactpreference",
            "patients_patientlink",
            "patients_linkcode",
            "patients_allergy",
            "patients_medicine",
            "patients_condition",
            "patients_screening",
            "patients_screeningresult",
            "patients_screeningdecision",
            "patients_screeningconfirmation",
            "patients_patientfile",
            "patients_importrow",
        ),
        *(
            # Both entries belong to the clinic of the merge.
            tie(
                "patients_patientmerge", (f"{one}_id", "clinic_id"), "patients_patient",
                f"patient_merge_{one}_same_clinic",
            )
            for one in ("kept", "dropped")
        ),
        migrations.RunSQL(ALIKE, "DROP FUNCTION patients_alike(uuid, text[], integer)"),
    ]
