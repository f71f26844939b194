// What both pages ask the server.

import { problemOf } from "/static/app.js";

/** The server has refused; `problem` says what, as `showProblem` takes it. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.title);
    this.status = status;
    this.problem = problem;
  }
}

async function ask(address, options = {}) {
  const response = await fetch(address, { ...options, headers: { accept: "application/json", ...options.headers } });
  if (!response.ok) throw new Refused(response.status, await problemOf(response));
  return response.status === 204 ? null : response.json();
}

/** Fetches data. Raises `Refused`, or TypeError when the server cannot be reached. */
export function get(address) {
  return ask(address);
}

/** Sends data. Raises as `get` does. */
export function post(address, data) {
  const body = data === undefined ? {} : { body: JSON.stringify(data), headers: { "content-type": "application/json" } };
  return ask(address, { method: "POST", ...body });
}
