-- Small rows that change, with a version each: how far deliveries have come, who delivers, what signs.

CREATE TABLE notes (
    name TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    body BLOB NOT NULL
) WITHOUT ROWID;
