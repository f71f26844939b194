// A task that asks the server and is wanted again while it does: it is done once more afterwards, however often it was
// wanted meanwhile.

export function oneAtATime(task) {
  let going = false;
  let again = false;
  return async function run() {
    if (going) {
      again = true;
      return;
    }
    going = true;
    try {
      await task();
    } catch {
      // The connection is lost: when it is back, everything is looked at again.
    } finally {
      going = false;
    }
    if (again) {
      again = false;
      await run();
    }
  };
}
