-- Indexes that came after the tables, for both engines. Made where they are missing, whichever generation is read:
-- a migration would not know its tables.

-- What somebody owned.
CREATE INDEX access_v1_states_ended_by_owner_to_position ON access_v1_states_ended (owner, to_position);
