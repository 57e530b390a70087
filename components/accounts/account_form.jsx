import React, { useId, useRef, useState } from "react";

const PASSWORD_MIN = 15;

const COPY = {
  "sign-in": {
    title: "Sign in",
    submit: "Sign in",
    busy: "Signing in",
    path: "/api/auth/login",
    other: <>No account yet? <a href="/create-account">Create account</a></>,
  },
  "create-account": {
    title: "Create account",
    submit: "Create account",
    busy: "Creating account",
    path: "/api/auth/register",
    other: <>Already have one? <a href="/sign-in">Sign in</a></>,
  },
};

// Every unsafe call proves its origin with a token of the session; one retry covers a session that has just been replaced.
export async function post(path, body) {
  for (let attempt = 0; ; attempt += 1) {
    const grant = await fetch("/api/auth/csrf", { headers: { Accept: "application/json" }, cache: "no-store" });
    const token = (await grant.json()).data?.token;
    const response = await fetch(path, {
      method: "POST",
      headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRF-Token": token || "" },
      body: JSON.stringify(body),
    });
    const answer = await response.json().catch(() => ({}));
    if (response.ok || response.status !== 403 || attempt > 0) {
      return { ok: response.ok, problem: answer.data?.problem ?? null, message: answer.message };
    }
  }
}

function problemsBefore(mode, values) {
  const problems = {};
  if (!values.email.trim()) problems.email = "Enter your e-mail address.";
  else if (!/^\S+@\S+$/.test(values.email.trim())) problems.email = "This is not an e-mail address.";
  if (mode === "create-account") {
    const name = values.name.trim();
    if ([...name].length < 2 || [...name].length > 30) problems.name = "A name has 2 to 30 characters.";
    if ([...values.password].length < PASSWORD_MIN)
      problems.password = `Use at least ${PASSWORD_MIN} characters. A few unrelated words are easy to remember.`;
  } else if (!values.password) problems.password = "Enter your password.";
  return problems;
}

function Field({ id, label, hint, error, inputRef, children, ...input }) {
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {hint && <p id={`${id}-hint`} className="field-hint">{hint}</p>}
      <div className="account-input">
        <input
          id={id}
          ref={inputRef}
          required
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

export function AccountForm({ mode }) {
  const copy = COPY[mode];
  const creating = mode === "create-account";
  const prefix = useId();
  const [values, setValues] = useState({ email: "", name: "", password: "", remember: false });
  const [errors, setErrors] = useState({});
  const [visible, setVisible] = useState(false);
  const [busy, setBusy] = useState(false);
  const inputs = { email: useRef(null), name: useRef(null), password: useRef(null) };

  const set = (name) => (event) => {
    const value = event.target.type === "checkbox" ? event.target.checked : event.target.value;
    setValues((before) => ({ ...before, [name]: value }));
    setErrors((before) => ({ ...before, [name]: "", form: "" }));
  };

  const show = (found) => {
    setErrors(found);
    const first = ["email", "name", "password"].find((name) => found[name]);
    if (first) inputs[first].current?.focus();
  };

  const submit = async (event) => {
    event.preventDefault();
    if (busy) return;
    const before = problemsBefore(mode, values);
    if (Object.keys(before).length) return show(before);
    setBusy(true);
    setErrors({});
    const { email, name, password, remember } = values;
    try {
      const answer = await post(copy.path, creating ? { email, name, password } : { email, password, remember });
      if (answer.ok) {
        // The socket reads its cookie at the handshake only: a whole new document gives it the new one.
        window.location.assign("/");
        return;
      }
      const found = {};
      for (const { path, message } of answer.problem?.errors ?? []) {
        const field = path.split(".").pop();
        if (field in inputs) found[field] ??= message;
      }
      if (!Object.keys(found).length) found.form = answer.problem?.detail || answer.message || "That did not work. Try again.";
      show(found);
    } catch {
      show({ form: "The server can't be reached. Try again." });
    }
    setBusy(false);
  };

  return (
    <section className="account-page">
      <h1 id={`${prefix}-title`}>{copy.title}</h1>
      {creating && <p className="field-hint">What you have played here stays with you.</p>}
      <form className="form" aria-labelledby={`${prefix}-title`} noValidate onSubmit={submit} aria-busy={busy}>
        <Field
          id={`${prefix}-email`}
          name="email"
          label="E-mail address"
          type="email"
          autoComplete={creating ? "email" : "username"}
          inputMode="email"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={254}
          value={values.email}
          onChange={set("email")}
          error={errors.email}
          inputRef={inputs.email}
        />
        {creating && (
          <Field
            id={`${prefix}-name`}
            name="name"
            label="Name"
            hint="Shown on the leaderboard."
            type="text"
            autoComplete="nickname"
            maxLength={60}
            value={values.name}
            onChange={set("name")}
            error={errors.name}
            inputRef={inputs.name}
          />
        )}
        <Field
          id={`${prefix}-password`}
          name="password"
          label="Password"
          hint={creating ? `At least ${PASSWORD_MIN} characters. A few unrelated words are easy to remember.` : undefined}
          type={visible ? "text" : "password"}
          autoComplete={creating ? "new-password" : "current-password"}
          autoCapitalize="none"
          spellCheck={false}
          maxLength={512}
          value={values.password}
          onChange={set("password")}
          error={errors.password}
          inputRef={inputs.password}
        >
          <button
            type="button"
            className="button button--quiet account-reveal"
            aria-pressed={visible}
            aria-label="Show password"
            aria-controls={`${prefix}-password`}
            onClick={() => setVisible(!visible)}
          >
            {visible ? "Hide" : "Show"}
          </button>
        </Field>
        {!creating && (
          <label className="account-check">
            <input type="checkbox" name="remember" checked={values.remember} onChange={set("remember")} />
            Stay signed in on this device
          </label>
        )}
        <p role="alert" className="error-text">{errors.form || ""}</p>
        <button type="submit" className="button button--primary button--large" disabled={busy}>
          {busy && <span className="spinner" aria-hidden="true" />}
          {busy ? copy.busy : copy.submit}
        </button>
      </form>
      <p className="account-other">{copy.other}</p>
    </section>
  );
}

export function SignOutButton() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const signOut = async () => {
    setBusy(true);
    setError("");
    try {
      const answer = await post("/api/auth/logout", {});
      if (answer.ok) return window.location.assign("/");
      setError(answer.problem?.detail || "Signing out did not work.");
    } catch {
      setError("The server can't be reached.");
    }
    setBusy(false);
  };
  return (
    <>
      <button type="button" className="button button--quiet" disabled={busy} onClick={signOut}>
        Sign out
      </button>
      <span role="alert" className="error-text account-sign-out-error">{error}</span>
    </>
  );
}
