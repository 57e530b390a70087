import React, { useEffect, useId, useRef, useState } from "react";

const STALE = ["/problems/token-expired", "/problems/no-session"];

async function csrfToken() {
  const grant = await fetch("/api/auth/csrf", { headers: { Accept: "application/json" }, cache: "no-store" });
  return (await grant.json()).data?.token || "";
}

// A random UUID; crypto.randomUUID exists over https only.
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// A reply can get lost on the way: the same call is made once more, and its key keeps it from being done twice.
async function sent(path, options) {
  try {
    return await fetch(path, options);
  } catch (error) {
    if (options.method === "GET") throw error;
    await new Promise((resolve) => setTimeout(resolve, 500));
    return fetch(path, options);
  }
}

// One call of the REST API. Unsafe ones prove their origin with a token of the session; asking for that also renews a
// stale session, so one retry covers a page that lay open for long.
export async function call(method, path, body) {
  for (let attempt = 0; ; attempt += 1) {
    const headers = { Accept: "application/json" };
    if (method !== "GET" || attempt > 0) headers["X-CSRF-Token"] = await csrfToken();
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (method === "POST") headers["Idempotency-Key"] = newKey();
    const response = await sent(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    const answer = await response.json().catch(() => ({}));
    const problem = answer.data?.problem ?? null;
    const stale = response.status === 403 || (response.status === 401 && STALE.includes(problem?.type));
    if (response.ok || !stale || attempt > 0) {
      return { ok: response.ok, status: response.status, data: answer.data, problem, message: answer.message };
    }
  }
}

export const post = (path, body) => call("POST", path, body);

export const codeOf = (answer) => (answer.problem?.type || "").replace("/problems/", "");

export const UNREACHABLE = "The server can't be reached. Try again.";

// Errors of an answer by field; what belongs to no field of the form comes under "form".
export function errorsOf(answer, fields) {
  const found = {};
  for (const { path, message } of answer.problem?.errors ?? []) {
    const field = path.split(".").pop();
    if (fields.includes(field)) found[field] ??= message;
  }
  if (!Object.keys(found).length) found.form = answer.problem?.detail || answer.message || "That did not work. Try again.";
  return found;
}

export function Field({ id, label, hint, error, inputRef, children, required = true, ...input }) {
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {hint && <p id={`${id}-hint`} className="field-hint">{hint}</p>}
      <div className="account-input">
        <input
          id={id}
          ref={inputRef}
          required={required}
          aria-invalid={error ? "true" : "false"}
          aria-describedby={described || undefined}
          {...input}
        />
        {children}
      </div>
      <p id={`${id}-error`} role="alert" className="error-text">{error || ""}</p>
    </div>
  );
}

export function PasswordField({ id, label, ...rest }) {
  const [visible, setVisible] = useState(false);
  return (
    <Field id={id} label={label} {...rest} type={visible ? "text" : "password"} autoCapitalize="none" spellCheck={false} maxLength={512}>
      <button
        type="button"
        className="button button--quiet account-reveal"
        aria-pressed={visible}
        aria-label={label === "Password" ? "Show password" : `Show: ${label.toLowerCase()}`}
        aria-controls={id}
        onClick={() => setVisible(!visible)}
      >
        {visible ? "Hide" : "Show"}
      </button>
    </Field>
  );
}

export const CODE_FIELD = {
  name: "code",
  label: "Code",
  hint: "Six digits of your authenticator app, or a recovery code.",
  autoComplete: "one-time-code",
  inputMode: "text",
  autoCapitalize: "none",
  spellCheck: false,
  maxLength: 64,
};

export const OWN_PASSWORD = { name: "password", label: "Your password", type: "password", autoComplete: "current-password" };

const EXTRA = { password: OWN_PASSWORD, code: CODE_FIELD };

// A small form in place. The server may ask for the password or a code on top; then a field for it appears.
export function ActionForm({ label, fields, initial, submit, busyText, tone = "primary", send, onDone, onCancel, children }) {
  const prefix = useId();
  const [values, setValues] = useState(initial ?? {});
  const [extra, setExtra] = useState([]);
  const [errors, setErrors] = useState({});
  const [busy, setBusy] = useState(false);
  const form = useRef(null);
  const all = [...fields, ...extra.filter((name) => !fields.some((one) => one.name === name)).map((name) => EXTRA[name])];
  const names = all.map((one) => one.name);

  useEffect(() => {
    form.current?.querySelector("input, select")?.focus();
  }, []);
  useEffect(() => {
    const first = names.find((name) => errors[name]);
    if (first) form.current?.querySelector(`[name="${first}"]`)?.focus();
  }, [errors]);

  const set = (name) => (event) => {
    const { value } = event.target;
    setValues((before) => ({ ...before, [name]: value }));
    setErrors((before) => ({ ...before, [name]: "", form: "" }));
  };

  const submitted = async (event) => {
    event.preventDefault();
    if (busy) return;
    const missing = Object.fromEntries(
      all.filter((one) => one.required !== false && !(values[one.name] ?? "").trim()).map((one) => [one.name, "Fill this in."]),
    );
    if (Object.keys(missing).length) return setErrors(missing);
    setBusy(true);
    setErrors({});
    try {
      const sent = Object.fromEntries(names.filter((name) => values[name]).map((name) => [name, values[name]]));
      const answer = await send(sent);
      if (answer.ok) return onDone(answer);
      const asked = (answer.problem?.errors ?? []).map((one) => one.path).filter((path) => path in EXTRA && !names.includes(path));
      setExtra((before) => [...before, ...asked]);
      setErrors(errorsOf(answer, [...names, ...asked]));
    } catch {
      setErrors({ form: UNREACHABLE });
    }
    setBusy(false);
  };

  return (
    <form ref={form} className="form account-action" aria-label={label} noValidate onSubmit={submitted} aria-busy={busy}>
      {all.map(({ name, type, options, ...spec }) => {
        const id = `${prefix}-${name}`;
        const shared = { key: name, id, name, value: values[name] ?? "", onChange: set(name), error: errors[name], ...spec };
        if (options)
          return (
            <div className="field" key={name}>
              <label htmlFor={id}>{spec.label}</label>
              <select id={id} name={name} value={values[name] ?? ""} onChange={set(name)}>
                {options.map(([value, text]) => <option key={value} value={value}>{text}</option>)}
              </select>
            </div>
          );
        return type === "password" ? <PasswordField {...shared} /> : <Field {...shared} type={type ?? "text"} />;
      })}
      {children}
      <p role="alert" className="error-text">{errors.form || ""}</p>
      <div className="account-buttons">
        <button type="submit" className={`button button--${tone}`} disabled={busy}>
          {busy && <span className="spinner" aria-hidden="true" />}
          {busy ? busyText ?? "One moment" : submit}
        </button>
        {onCancel && <button type="button" className="button button--quiet" onClick={onCancel}>Cancel</button>}
      </div>
    </form>
  );
}

const PROBLEMS = {
  "sign-in-refused": "The other site did not sign you in.",
  "sign-in-expired": "That took too long, or was begun in another browser. Try again.",
  "provider-away": "The other site does not answer now. Try again later.",
  "provider-misconfigured": "That sign-in is not set up right on this server. Tell whoever runs it.",
  "link-first": "There is an account with that address already. Sign in to it, then link the other site on your account page.",
  "linked-elsewhere": "That sign-in belongs to another account here.",
  banned: "This account is closed. Ask whoever runs this server.",
  unavailable: "The server is busy. Try again in a moment.",
};

// What went wrong on the way back from another site; the address holds a code, never a text.
export function problemInAddress() {
  const code = new URLSearchParams(window.location.search).get("problem");
  return code ? PROBLEMS[code] ?? "That did not work. Try again." : "";
}

export function useProviders() {
  const [providers, setProviders] = useState([]);
  useEffect(() => {
    call("GET", "/api/auth/oauth").then((answer) => answer.ok && setProviders(answer.data)).catch(() => {});
  }, []);
  return providers;
}

// The secret of a mail's link stands behind "#"; it leaves the address bar as soon as it was read.
export function useSecretInAddress() {
  const [secret, setSecret] = useState(null);
  useEffect(() => {
    setSecret(window.location.hash.slice(1));
    if (window.location.hash) window.history.replaceState(window.history.state, "", window.location.pathname);
  }, []);
  return secret;
}
