ALTER TABLE intents ADD COLUMN failure_detail TEXT;
