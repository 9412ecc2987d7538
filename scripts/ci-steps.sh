# Runs the steps of .ci/run and prints at the end how long each took. To be sourced.
#
#   step "name" command …   runs the command; a failure is counted, and the steps that follow still run
#   step_table              prints each step with its seconds
#   steps_run, steps_failed the number of steps

steps_run=0
steps_failed=0
step_rows=()

step() {
  local name=$1 started=$SECONDS verdict=passed
  shift
  echo "== $name"
  "$@" || verdict=FAILED
  local took=$((SECONDS - started))
  echo "== $name: $verdict after $took s"
  steps_run=$((steps_run + 1))
  [ "$verdict" = passed ] || steps_failed=$((steps_failed + 1))
  step_rows+=("$(printf '%7d s  %-6s  %s' "$took" "$verdict" "$name")")
}

step_table() {
  echo "== time of each step"
  printf '%s\n' "${step_rows[@]}"
  printf '%7d s  all\n' "$SECONDS"
}
