# Builds the tests of what runs in several threads with the thread sanitizer and runs them. Options go to CTest.
threaded="core_parallel_test corpus_test endpoint_test generate_test kernels_test language_decoder_test mcp_test predict_test predictor_threads_test serve_test text_predictor_test
  train_compact_test train_data_test train_language_test"
# shellcheck disable=SC2086
prepare tsan $threaded
names=$(printf '%s|' $threaded)
exec ctest --test-dir build/tsan --output-on-failure -j2 -R "^(${names%|})\$" "$@"
