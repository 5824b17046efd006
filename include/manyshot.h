/* manyshot as a library: tables in memory in, fitted tasks and predictions out. docs/c-api.md says more, with an example.
 *
 * Link with libmanyshot.so. Tables come by the Arrow C stream interface; no Arrow library is needed on either side.
 *
 * Every function that can fail returns a manyshot_status and never throws; the message is manyshot_last_error(), of the
 * calling thread. On failure outputs are left as they were. A fitted task may be asked from several threads at once.
 * Later versions add functions and options; those that are here stay. */
#ifndef MANYSHOT_H
#define MANYSHOT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define MANYSHOT_API __attribute__((visibility("default")))
#else
#define MANYSHOT_API
#endif

/* The Arrow C data and stream interfaces (arrow.apache.org/docs/format/CDataInterface.html). */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4
struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};
struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};
#endif
#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE
struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream*, struct ArrowSchema* out);
  int (*get_next)(struct ArrowArrayStream*, struct ArrowArray* out);
  const char* (*get_last_error)(struct ArrowArrayStream*);
  void (*release)(struct ArrowArrayStream*);
  void* private_data;
};
#endif

/* The exit codes of the program. */
typedef enum manyshot_status {
  MANYSHOT_OK = 0,
  MANYSHOT_FAILED = 1,   /* memory, an interrupt, a mistake of the library */
  MANYSHOT_BAD_INPUT = 2 /* a table, an option, a file or a model that cannot be used */
} manyshot_status;

/* The version of the library: "0.1.0". */
MANYSHOT_API const char* manyshot_version(void);

/* Of the last call of this thread that failed: what was wrong with it and what to do, in UTF-8; its kind as --json names
 * it ("bad_input", "not_found", "corrupt_file", "unsupported", "out_of_memory", "unavailable", "interrupted",
 * "internal"); "" before any. Valid until this thread's next call that fails. */
MANYSHOT_API const char* manyshot_last_error(void);
MANYSHOT_API const char* manyshot_last_error_kind(void);

/* Threads of this process; 0: all cores that it may use. Answers do not depend on it. */
MANYSHOT_API manyshot_status manyshot_set_threads(int threads);

/* The folder whose folders are models by name ("default"); without it that of MANYSHOT_MODELS, else share/manyshot/models
 * beside the library's folder. For the whole process, and to be called before models are opened. */
MANYSHOT_API manyshot_status manyshot_set_models_folder(const char* folder);

/* Where notes and warnings go, instead of nowhere: level 1 is a note, 2 a warning. Called from any thread, one call at a
 * time; it must not call the library. NULL: nowhere again. */
typedef void (*manyshot_log_function)(int level, const char* message, void* user_data);
MANYSHOT_API void manyshot_set_log_function(manyshot_log_function function, void* user_data);

/* Where the progress of long calls goes, instead of nowhere: a line of text whenever it has changed, "" when there is
 * nothing to show any more. Called as the function above is. NULL: nowhere again. */
typedef void (*manyshot_status_function)(const char* line, void* user_data);
MANYSHOT_API void manyshot_set_status_function(manyshot_status_function function, void* user_data);

/* Makes the calls under way in other threads fail as "interrupted", as soon as they can: Ctrl-C of a program that runs
 * them. Training leaves a checkpoint before. Not for signal handlers. */
MANYSHOT_API void manyshot_interrupt(void);

/* Labelled rows and a model, fitted. */
typedef struct manyshot_task manyshot_task;

/* Fits the labelled rows of `table` to predict its column `target`. `options_json`: an object of what `manyshot fit`
 * takes, by its names with underscores, such as {"model": "default", "ensemble": 4, "ignore": ["id"]}; NULL or "": none.
 * The stream is read to its end and released, whatever happens. The task is freed by manyshot_task_free(). */
MANYSHOT_API manyshot_status manyshot_fit(struct ArrowArrayStream* table, const char* target, const char* options_json,
                                          manyshot_task** task);
/* A file that manyshot_save() or `manyshot fit` wrote; docs/formats/msfit.md. */
MANYSHOT_API manyshot_status manyshot_load(const char* path, manyshot_task** task);
/* The file appears only when it is complete. */
MANYSHOT_API manyshot_status manyshot_save(const manyshot_task* task, const char* path);
MANYSHOT_API void manyshot_task_free(manyshot_task* task);

/* What the task is, as `manyshot info FILE.msfit --json` prints it: target, classes, columns, options, model. Valid as
 * long as the task. */
MANYSHOT_API const char* manyshot_task_info(const manyshot_task* task);
/* Its classes, in sorted order; 0 where the target is a number. Names are valid as long as the task; NULL beyond. */
MANYSHOT_API int64_t manyshot_task_num_classes(const manyshot_task* task);
MANYSHOT_API const char* manyshot_task_class(const manyshot_task* task, int64_t index);

/* Answers to the rows of a table. */
typedef struct manyshot_prediction manyshot_prediction;

/* Predicts every row of `table`, which has the columns of the labelled rows; those it lacks count as missing, further ones
 * are not used. The stream is read to its end and released, whatever happens. Freed by manyshot_prediction_free(). */
MANYSHOT_API manyshot_status manyshot_predict(const manyshot_task* task, struct ArrowArrayStream* table,
                                              manyshot_prediction** prediction);
MANYSHOT_API void manyshot_prediction_free(manyshot_prediction* prediction);

MANYSHOT_API int64_t manyshot_prediction_num_rows(const manyshot_prediction* prediction);
/* Of classes, else NULL: probabilities [rows, classes], row-major, each row summing to 1; and the likeliest class of each
 * row [rows]. Valid as long as the prediction. */
MANYSHOT_API const double* manyshot_prediction_probabilities(const manyshot_prediction* prediction);
MANYSHOT_API const int32_t* manyshot_prediction_labels(const manyshot_prediction* prediction);
/* Of a number, else NULL: the mean of each row's distribution [rows]. Valid as long as the prediction. */
MANYSHOT_API const double* manyshot_prediction_means(const manyshot_prediction* prediction);
/* Of a number: the values that a share `level` (0 to 1) of each row's distribution lies below, to out [rows]. */
MANYSHOT_API manyshot_status manyshot_prediction_quantiles(const manyshot_prediction* prediction, double level,
                                                           double* out);

/* A table with a target, drawn from a prior (docs/prior.md). */
typedef struct manyshot_table manyshot_table;

/* Draws task `index` (0, 1, …): the values of the Parquet file that `manyshot synth` writes of it. `options_json`: an
 * object of the prior's options by the names of `manyshot synth`, such as {"prior": "graph", "seed": 1, "rows":
 * "256:2048", "number_share": 1}; NULL or "": none. The table is freed by manyshot_table_free(). */
MANYSHOT_API manyshot_status manyshot_synth(int64_t index, const char* options_json, manyshot_table** table);
MANYSHOT_API void manyshot_table_free(manyshot_table* table);

/* What the manifest of `manyshot synth` says of the task (docs/formats/tasks.md), and "options"; JSON. What functions
 * below return is valid as long as the table. */
MANYSHOT_API const char* manyshot_table_info(const manyshot_table* table);
MANYSHOT_API int64_t manyshot_table_num_rows(const manyshot_table* table);
MANYSHOT_API int64_t manyshot_table_num_columns(const manyshot_table* table);
/* The column to predict. */
MANYSHOT_API int64_t manyshot_table_target(const manyshot_table* table);
/* Of a column: its name ("x0", …, "label" or "target"); its kind ("numeric", "integer", "ordinal", "categorical", of a
 * target with classes "class"); NULL beyond. */
MANYSHOT_API const char* manyshot_table_name(const manyshot_table* table, int64_t column);
MANYSHOT_API const char* manyshot_table_kind(const manyshot_table* table, int64_t column);
/* A column has either numbers [rows], where NaN is a missing cell, or codes into its categories [rows], where -1 is one;
 * the other is NULL. */
MANYSHOT_API const double* manyshot_table_doubles(const manyshot_table* table, int64_t column);
MANYSHOT_API const int32_t* manyshot_table_codes(const manyshot_table* table, int64_t column);
/* "a", "b", … of a column, "0", "1", … of classes; NULL beyond. */
MANYSHOT_API int64_t manyshot_table_num_categories(const manyshot_table* table, int64_t column);
MANYSHOT_API const char* manyshot_table_category(const manyshot_table* table, int64_t column, int64_t code);

/* Models measured on tables. */
typedef struct manyshot_evaluation manyshot_evaluation;

/* Splits each table into training and test rows, shows each model some training rows, and asks it for the test rows, as
 * `manyshot evaluate` does, to the same numbers. names [num_tables]: what the tables are called in results, each another;
 * targets [num_tables]: the columns to predict; NULL, or NULL for a table: "label", else its last column. `options_json`:
 * an object of the options of `manyshot evaluate` by its names with underscores, but for those of files and endpoints, such
 * as {"models": ["default", "forest"], "shots": [8, 64]}; NULL or "": none. Every stream is read to its end and released,
 * whatever happens. Freed by manyshot_evaluation_free(). */
MANYSHOT_API manyshot_status manyshot_evaluate(int64_t num_tables, const char* const* names,
                                               struct ArrowArrayStream* const* tables, const char* const* targets,
                                               const char* options_json, manyshot_evaluation** evaluation);
MANYSHOT_API void manyshot_evaluation_free(manyshot_evaluation* evaluation);
/* Everything that was found, as summary.json has it (docs/formats/evaluation.md). Valid as long as the evaluation. */
MANYSHOT_API const char* manyshot_evaluation_summary(const manyshot_evaluation* evaluation);

/* A finished training run. */
typedef struct manyshot_training manyshot_training;

/* Trains what a recipe says, on the processor, as `manyshot train` does, to the same bits. `recipe`: the text of a TOML
 * file (docs/formats/recipe.md); `name`: what messages call it, NULL: "the recipe". `out`: the folder of the run, made
 * when it does not exist (docs/formats/checkpoints.md). `options_json`: an object of "resume" (a checkpoint, or the
 * folder of a run), "set" (["key=value", …]) and "seed"; NULL or "": none. After manyshot_interrupt() the folder has a
 * checkpoint of the last finished step. Freed by manyshot_training_free(). */
MANYSHOT_API manyshot_status manyshot_train(const char* recipe, const char* name, const char* out,
                                            const char* options_json, manyshot_training** training);
MANYSHOT_API void manyshot_training_free(manyshot_training* training);
/* What the run came to, as `manyshot train --json` prints it: "loss", "checkpoint", … Valid as long as the training. */
MANYSHOT_API const char* manyshot_training_report(const manyshot_training* training);

#ifdef __cplusplus
}
#endif
#endif
