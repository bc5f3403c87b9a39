-- Small rows that change, with a version each: how far deliveries have come, who delivers, what signs.

CREATE TABLE notes (
    name text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    body bytea NOT NULL
);
