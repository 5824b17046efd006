#include "train/run/training_run.h"

#include <filesystem>
#include <optional>

#include "core/error.h"
#include "core/files.h"
#include "core/folder_lock.h"
#include "core/log.h"
#include "core/stopwatch.h"
#include "core/text.h"
#include "train/plan/memory_plan.h"
#include "train/plan/run_plan.h"
#include "train/plan/stage_stream.h"
#include "train/plan/token_forecast.h"
#include "train/record/ability_record.h"
#include "train/record/checkpoint.h"
#include "train/record/metrics_log.h"
#include "train/record/run_folder.h"
#include "train/run/active_stage.h"
#include "train/run/held_out.h"
#include "train/run/run_meter.h"
#include "train/run/step_gradient.h"

namespace manyshot::train {
namespace {
namespace fs = std::filesystem;

std::string evaluation_text(const Json& evaluation) {
  std::string text;
  for (const auto& [name, value] : evaluation.items()) {
    const bool is_detail = name.starts_with("table_forest_") || name.starts_with("table_majority_");
    const bool is_shown = !is_detail || name.ends_with("_accuracy");
    if (value.is_number() && is_shown)
      text += fmt::format("{}{} {:.4f}", text.empty() ? "" : ", ", name, value.get<double>());
  }
  return text;
}

class TrainingRun {
 public:
  TrainingRun(const RunSetup& setup, RunModel& model, Collective& processes)
      : setup_(setup),
        recipe_(setup.recipe),
        model_(model),
        processes_(processes),
        plan_(recipe_, processes.rank(), processes.world_size()),
        folders_(setup.out),
        ability_(setup),
        meter_(setup.matrix_rate * processes.world_size()),
        rng_(Rng(recipe_.seed).child("train")) {}

  // Every stage that is to come is looked at before the first step, and before a weight is read: its data, its memory,
  // its length.
  void look_ahead() {
    const int64_t first_step = setup_.resume.empty() ? 0 : read_trainer_state(setup_.resume).step;
    if (first_step >= plan_.total_steps()) return;
    TokenForecast forecast;
    for (size_t number = plan_.place(first_step).stage; number < recipe_.stages.size(); ++number) {
      const StageRecipe& stage = recipe_.stages[number];
      const StreamContext context = stream_context(recipe_, plan_, number, model_);
      auto stream = open_stream(stage, context);
      require_stage_memory(model_, stage, stage_memory(model_, stage, *stream, plan_.world_size()));
      if (!processes_.is_first()) continue;
      if (draws_tasks(stage.data)) stream = open_stream(without_judgement(stage), context);
      forecast.add_stage(stage, plan_, number, *stream);
    }
    meter_.set_forecast(std::move(forecast));
  }

  RunReport run() {
    start();
    try {
      while (state_.step < plan_.total_steps()) {
        enter_stage();
        train_step();
        if (is_due(recipe_.evaluate.every_steps)) evaluate();
        if (is_checkpoint_due()) save();
      }
    } catch (const Error& error) {
      rescue(error);
      throw;
    }
    return finish();
  }

 private:
  void start() {
    state_.recipe = to_json(recipe_);
    state_.world_size = processes_.world_size();
    gradients_.emplace(model_.network(), processes_);
    const bool is_measured = measure_before();
    if (!setup_.resume.empty()) resume();
    state_.version = setup_.version;
    held_out_.emplace(recipe_, model_);
    validation_.emplace(recipe_, model_);
    if (processes_.is_first()) {
      log_.emplace(setup_.out, state_.step, plan_.total_steps());
      meter_.recall(log_->lines());
    }
    if (is_measured) log_ability(0, ability_.change().before);
    since_save_ = Stopwatch();
  }

  // The model is still as it was opened, also when the run goes on. Whether there is something new.
  bool measure_before() {
    if (!setup_.measure_ability || !processes_.is_first() || ability_.has_before()) return false;
    log::info("train: general ability before the first step");
    const TemporaryWeights weights(setup_.out, model_);
    ability_.set_before(setup_.measure_ability(weights.folder()));
    return true;
  }

  void measure_after() {
    if (!setup_.measure_ability || !processes_.is_first() || ability_.has_after(state_.step)) return;
    log::info("train: general ability after the last step");
    ability_.set_after(setup_.measure_ability(folders_.path(state_.step)), state_.step);
    log_ability(state_.step, ability_.change().after);
  }

  void log_ability(int64_t step, const Json& numbers) {
    Json line = {{"step", step}};
    line.update(numbers);
    log_->add_evaluation(line);
  }

  // The state belongs to the stage of the last finished step, also when that was the stage's last.
  void resume() {
    const Json recipe_now = state_.recipe;
    state_ = read_trainer_state(setup_.resume);
    check_resumable(state_, recipe_now, processes_.world_size(), setup_.resume);
    state_.recipe = recipe_now;
    const RunPlan::Place last = plan_.place(state_.step - 1);
    stage_.emplace(recipe_, plan_, last.stage, last.step + 1, model_);
    read_state(stage_->updates().state(), setup_.resume);
    stage_->updates().set_counters(state_.optimizer);
    stage_->updates().state_filled();
    saved_step_ = state_.step;
    if (!state_.log_history.empty()) {
      evaluation_ = state_.log_history.back();
      evaluation_.erase("step");
    }
    if (processes_.is_first()) log::info("train: {}", resumed_text());
  }

  std::string resumed_text() const {
    if (state_.step == plan_.total_steps()) {
      return fmt::format("{} is the end of the run: all {} steps are done, so nothing is trained now", setup_.resume,
                         with_thousands(state_.step));
    }
    return fmt::format("goes on from {}, step {} of {}", setup_.resume, with_thousands(state_.step),
                       with_thousands(plan_.total_steps()));
  }

  void enter_stage() {
    const RunPlan::Place place = plan_.place(state_.step);
    if (stage_ && stage_->number() == place.stage) return;
    if (stage_) stage_->end();
    stage_.emplace(recipe_, plan_, place.stage, place.step, model_);
    if (processes_.is_first()) log::info("train: {}", stage_->description(plan_));
  }

  void train_step() {
    const Stopwatch step_time;
    const RunPlan::Place place = plan_.place(state_.step);
    const StageRecipe& stage = stage_->recipe();
    const StepGradient gradient = gradients_->compute(stage, plan_, place, rng_, stage_->samples(), stage_->updates());
    const double learning_rate = stage_->step(place.step);
    ++state_.step;
    meter_.add(gradient, step_time.seconds(), state_);
    if (!log_) return;
    Json line = meter_.metrics(stage.name, learning_rate, state_);
    if (stage.epochs > 0) {
      line["epoch"] =
          stage.epochs * static_cast<double>(place.step + 1) / static_cast<double>(plan_.stage_steps(stage_->number()));
    }
    log_->add_step(line);
    status_.show(meter_.status(stage.name, state_.step, plan_.total_steps()));
  }

  bool is_due(int64_t every_steps) const {
    return state_.step == plan_.total_steps() || (every_steps > 0 && state_.step % every_steps == 0);
  }
  bool is_checkpoint_due() const {
    const double minutes = recipe_.checkpoint.every_minutes;
    return is_due(recipe_.checkpoint.every_steps) || is_new_best_ ||
           (minutes > 0 && since_save_.seconds() >= 60 * minutes);
  }

  void evaluate() {
    stage_->with_average([&] {
      Json result = held_out_->evaluate(model_, processes_);
      result.update(validation_->evaluate(model_, processes_));
      if (processes_.is_first() && setup_.evaluate_tables) {
        const TemporaryWeights weights(setup_.out, model_);
        result.update(setup_.evaluate_tables(weights.folder()));
      }
      if (log_ && !result.empty()) keep_evaluation(result);
    });
  }

  void keep_evaluation(const Json& result) {
    evaluation_ = result;
    Json line = {{"step", state_.step}};
    line.update(result);
    log_->add_evaluation(line);
    state_.log_history.push_back(line);
    log::info("train: step {}: {}", with_thousands(state_.step), evaluation_text(result));
    const BestMetric metric = recipe_.best_metric();
    const auto found = result.find(std::string(name_of(metric)));
    if (metric == BestMetric::kNone || found == result.end()) return;
    const double value = *found;
    if (state_.best_metric && (less_is_better(metric) ? value >= *state_.best_metric : value <= *state_.best_metric)) {
      return;
    }
    state_.best_metric = value;
    state_.best_step = state_.step;
    is_new_best_ = true;
  }

  void save() {
    since_save_ = Stopwatch();
    is_new_best_ = false;
    saved_step_ = state_.step;
    if (!processes_.is_first()) return;
    state_.optimizer = stage_->updates().counters();
    folders_.write(state_.step, [&](const std::string& folder) {
      write_state(stage_->updates().state(), folder);
      stage_->with_average([&] { model_.write_weights(folder); });
      write_file((fs::path(folder) / "trainer_state.json").string(), to_json(state_).dump(1) + "\n");
    });
    folders_.prune(recipe_.checkpoint.keep_last, state_.best_step);
    refresh_report();
  }

  // For who looks at a run under way. The checkpoint is whole by now, so a failure is no reason to stop.
  void refresh_report() const {
    if (!log_ || state_.step == plan_.total_steps()) return;  // finish() writes the last one
    try {
      draw(report_so_far());
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kInterrupted) throw;
      log::warning("train: the report stays as it was: {}", error.what());
    }
  }

  // After Ctrl-C or the loss of another process, the state of the last finished step is whole and worth keeping.
  void rescue(const Error& error) {
    if (!processes_.is_first() || state_.step == 0) return;
    const bool is_whole = error.kind() == ErrorKind::kInterrupted || error.kind() == ErrorKind::kUnavailable;
    try {
      if (is_whole && saved_step_ != state_.step) save();
    } catch (const Error& another) {
      log::warning("no checkpoint of step {}: {}", state_.step, another.what());
    }
    const std::vector<int64_t> steps = folders_.steps();
    if (!steps.empty()) {
      log::warning("the run ended at step {}; go on with --resume {}", state_.step, folders_.path(steps.back()));
    }
  }

  RunReport finish() {
    if (stage_) stage_->end();
    measure_after();
    const RunReport report = report_so_far();
    if (log_) draw(report);
    return report;
  }

  void draw(const RunReport& report) const {
    const std::vector<Json> lines = log_->lines();
    log_->draw_curve(lines);
    write_report(setup_, report, lines);
  }

  RunReport report_so_far() const {
    RunReport report{.steps = state_.step,
                     .total_steps = plan_.total_steps(),
                     .processes = processes_.world_size(),
                     .seconds = state_.seconds,
                     .flops = state_.flops,
                     .tokens = state_.tokens,
                     .samples = state_.samples,
                     .loss = meter_.loss(),
                     .utilisation = meter_.utilisation(),
                     .evaluation = evaluation_,
                     .ability = ability_.change(),
                     .checkpoint = folders_.path(state_.step)};
    if (state_.best_metric) report.best_checkpoint = folders_.path(state_.best_step);
    return report;
  }

  const RunSetup& setup_;
  const Recipe& recipe_;
  RunModel& model_;
  Collective& processes_;
  RunPlan plan_;
  std::optional<StepGradients> gradients_;  // from start() on: making it reads the weights
  CheckpointFolders folders_;
  AbilityRecord ability_;
  RunMeter meter_;
  Rng rng_;
  TrainerState state_;
  std::optional<ActiveStage> stage_;
  std::optional<HeldOutTasks> held_out_;
  std::optional<ValidationSamples> validation_;
  std::optional<MetricsLog> log_;  // in the first process
  StatusLine status_;
  Stopwatch since_save_;
  int64_t saved_step_ = -1;
  bool is_new_best_ = false;
  Json evaluation_ = Json::object();
};

}  // namespace

RunReport train(const RunSetup& setup, RunModel& model, Collective& processes) {
  TrainingRun run(setup, model, processes);
  run.look_ahead();
  std::optional<FolderLock> lock;  // two runs in one folder would overwrite each other's checkpoints
  if (processes.is_first()) {
    lock.emplace(setup.out);
    write_run_file(setup, model, processes.world_size());
  }
  return run.run();
}

}  // namespace manyshot::train
