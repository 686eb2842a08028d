"""Rules the database keeps of memory: its status, its frozen text, and the words it is found by."""

from django.db import migrations

from agents.memory.transitions import MEMORY
from tiktok_ops.migration_operations import frozen
from tiktok_ops.transitions import install

INDEX_WORDS = migrations.RunSQL(
    """
    CREATE FUNCTION memory_words() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.search := to_tsvector(NEW.language::regconfig, NEW.text);
        RETURN NEW;
    END $$;
    CREATE TRIGGER memory_words BEFORE INSERT ON agents_memoryitem
        FOR EACH ROW EXECUTE FUNCTION memory_words();
    """,
    "DROP TRIGGER memory_words ON agents_memoryitem; DROP FUNCTION memory_words;",
)


class Migration(migrations.Migration):
    """The memory item's status machine, and what never changes of one."""

    dependencies = [("agents", "0012_memory")]

    operations = [
        install(MEMORY),
        frozen(
            "agents_memoryitem",
            "text",
            "language",
            "search",
            "scope",
            "kind",
            "brand_id",
            "account_id",
            "agent",
        ),
        INDEX_WORDS,
    ]
