// What forms compute and decide by (core/forms/expressions.py): trees of lists that begin with what is done. The rules are
// those of core/forms/operations.py, and a test compares the two: nothing here ever fails.

const BEYOND = 1e15;
const LONGEST_RESULT = 20_000;
const MOST_PLACES = 4;

const isNumber = (value) => typeof value === "number" && Math.abs(value) < BEYOND;
const isText = (value) => typeof value === "string";
const characters = (text) => [...text];

/** Without the noise of binary fractions. */
function asNumber(value) {
  if (!(Math.abs(value) < BEYOND)) return null;
  const number = Number.isInteger(value) ? value : Number(value.toPrecision(15));
  return number === 0 ? 0 : number;
}

/** What counts as yes. */
export const truth = (value) => (Array.isArray(value) ? value.length > 0 : Boolean(value));

// --- Signs -----------------------------------------------------------------------------------------------------------

function equal(left, right) {
  if (isNumber(left)) return isNumber(right) && left === right;
  if (Array.isArray(left)) {
    const alike = Array.isArray(right) && left.length === right.length && [...left, ...right].every(isText);
    return alike && left.every((each, index) => each === right[index]);
  }
  return left === right;
}

function compareTexts(left, right) {
  const [one, other] = [characters(left), characters(right)];
  for (let index = 0; index < Math.min(one.length, other.length); index += 1) {
    if (one[index] !== other[index]) return one[index].codePointAt(0) - other[index].codePointAt(0);
  }
  return one.length - other.length;
}

function among(value, where) {
  if (Array.isArray(where)) return where.some((each) => equal(value, each));
  return isText(value) && isText(where) && where.includes(value);
}

function ordered(left, right, holds) {
  if (isNumber(left) && isNumber(right)) return holds(left === right ? 0 : left - right);
  return isText(left) && isText(right) && holds(compareTexts(left, right));
}

const COMPARISONS = {
  "==": equal,
  "!=": (left, right) => !equal(left, right),
  "<": (left, right) => ordered(left, right, (difference) => difference < 0),
  "<=": (left, right) => ordered(left, right, (difference) => difference <= 0),
  ">": (left, right) => ordered(left, right, (difference) => difference > 0),
  ">=": (left, right) => ordered(left, right, (difference) => difference >= 0),
  in: among,
  "not in": (value, where) => !among(value, where),
};

function calculated(left, right, calculate) {
  return isNumber(left) && isNumber(right) ? asNumber(calculate(left, right)) : null;
}

const CALCULATIONS = {
  "-": (left, right) => calculated(left, right, (one, other) => one - other),
  "*": (left, right) => calculated(left, right, (one, other) => one * other),
  "/": (left, right) => calculated(left, right, (one, other) => (other === 0 ? Infinity : one / other)),
  "+": (left, right) => {
    if (!isText(left) || !isText(right)) return calculated(left, right, (one, other) => one + other);
    return characters(left).length + characters(right).length <= LONGEST_RESULT ? left + right : null;
  },
  negative: (value) => (isNumber(value) ? asNumber(-value) : null),
  not: (value) => !truth(value),
};

// --- Functions -------------------------------------------------------------------------------------------------------

function empty(value) {
  return value === null || (Array.isArray(value) ? value.length === 0 : isText(value) && /^[ \n\t]*$/.test(value));
}

/** Half away from zero, by the digits that are seen: their exponents are moved, not multiplied. */
function round(value, places = 0) {
  if (!isNumber(value) || !isNumber(places) || !Number.isInteger(places) || places < 0 || places > MOST_PLACES) return null;
  const digits = String(Math.abs(value));
  // Written so only when there are more noughts than places.
  if (digits.includes("e")) return 0;
  return asNumber(Math.sign(value) * Number(`${Math.round(Number(`${digits}e${places}`))}e-${places}`));
}

/** The sum of those that are numbers; nothing where none is. */
export function total(...values) {
  const numbers = values.filter(isNumber);
  const sum = numbers.reduce((before, number) => calculated(before, number, (one, other) => one + other), 0);
  return numbers.length ? sum : null;
}

const FUNCTIONS = {
  empty,
  count: (value) => (Array.isArray(value) ? value.length : empty(value) ? 0 : 1),
  length: (value) => (isText(value) ? characters(value).length : value === null ? 0 : null),
  round,
  sum: (rows, column) => {
    if (rows === null) return 0;
    if (!Array.isArray(rows) || rows.some(isText)) return null;
    const cells = rows.map((row) => (Object.hasOwn(row, String(column)) ? row[column] : null)).filter(isNumber);
    return cells.reduce((total, cell) => (total === null ? null : calculated(total, cell, (one, other) => one + other)), 0);
  },
  min: (...values) => (values.every(isNumber) ? Math.min(...values) : null),
  max: (...values) => (values.every(isNumber) ? Math.max(...values) : null),
  total,
  average: (...values) => {
    const sum = total(...values);
    return sum === null ? null : asNumber(sum / values.filter(isNumber).length);
  },
};

// --- Trees -----------------------------------------------------------------------------------------------------------

/** What a tree gives; `answerOf` gives the typed answer to a question, null for none. */
export function evaluate([what, ...parts], answerOf) {
  const value = (part) => evaluate(part, answerOf);
  switch (what) {
    case "value":
      return parts[0];
    case "name":
      return answerOf(parts[0]) ?? null;
    case "and":
    case "or": {
      let found = null;
      for (const part of parts) {
        found = value(part);
        if (truth(found) === (what === "or")) break;
      }
      return found;
    }
    case "if":
      return value(truth(value(parts[0])) ? parts[1] : parts[2]);
    case "compare": {
      const [signs, ...sides] = parts;
      const values = sides.map(value);
      return signs.every((sign, index) => COMPARISONS[sign](values[index], values[index + 1]));
    }
    case "call":
      return FUNCTIONS[parts[0]](...parts.slice(1).map(value));
    default:
      return CALCULATIONS[what](...parts.map(value));
  }
}
