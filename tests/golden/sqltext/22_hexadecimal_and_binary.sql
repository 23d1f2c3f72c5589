SELECT x'3B', X'2d2D', b'00111011', B'0', x'';
SELECT max'a;b', 1x'c;d', _b'e\';f';
