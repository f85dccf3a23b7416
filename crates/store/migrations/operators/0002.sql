-- Who looked at this: for whoever asks who looked at their records.
CREATE INDEX audit_entries_of_subject ON audit_entries (subject, number);
