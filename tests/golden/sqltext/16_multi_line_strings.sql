INSERT INTO prompts VALUES
(1, 'line one;
-- not a comment;
/* neither; */
line four'),
(2, 'x');
SELECT 2;
