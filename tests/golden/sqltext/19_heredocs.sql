SELECT $$a; 'b; -- c$$;
SELECT $sql$one; $$two; $other$ three; $sql$, 4;
SELECT $x_1$
-- not a comment;
$x_1$;
