-- Answers are forgotten when their time is over.
CREATE INDEX answers_by_age ON answers (at);
