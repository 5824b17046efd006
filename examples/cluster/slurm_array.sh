#!/bin/bash
# A job that any number of tasks of a Slurm array share, on a folder that all nodes see:
#   sbatch --array=0-7 examples/cluster/slurm_array.sh corpus --tasks 3000000 --seed 1 --layout tokens --out /shared/corpus
#   sbatch --array=0-7 examples/cluster/slurm_array.sh evaluate --tables /shared/tables --models default,forest --out /shared/results
#   sbatch --array=0-7 examples/cluster/slurm_array.sh lab run --data /shared/data --model /shared/model --out /shared/lab
# A task that was killed or preempted goes on where it was when it is queued again.
#SBATCH --job-name=manyshot
#SBATCH --cpus-per-task=8
#SBATCH --mem=8G
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=manyshot-%A_%a.log
set -eu
exec "${MANYSHOT:-manyshot}" "$@" --shard auto --threads "${SLURM_CPUS_PER_TASK:-0}"
