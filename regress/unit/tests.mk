UNIT_TESTS =
UNIT_TESTS += sbuf_test
