// A library that library_test opens.
extern "C" int manyshot_library_test_answer() { return 42; }
