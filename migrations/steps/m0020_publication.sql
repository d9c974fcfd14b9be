-- Who changed a draft last: where two people must publish, neither is the publisher.
ALTER TABLE document ADD COLUMN changed_by {text}
