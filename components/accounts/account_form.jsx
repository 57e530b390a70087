import React, { useEffect, useId, useRef, useState } from "react";
import {
  ActionForm, CODE_FIELD, Field, PasswordField, UNREACHABLE, codeOf, errorsOf, post, problemInAddress, useProviders,
} from "./parts.jsx";

const PASSWORD_MIN = 15;

const COPY = {
  "sign-in": {
    title: "Sign in",
    submit: "Sign in",
    busy: "Signing in",
    path: "/api/auth/login",
    other: (
      <>
        <a href="/forgot-password">Forgot your password?</a>
        <span>No account yet? <a href="/create-account">Create account</a></span>
      </>
    ),
  },
  "create-account": {
    title: "Create account",
    submit: "Create account",
    busy: "Creating account",
    path: "/api/auth/register",
    other: <span>Already have one? <a href="/sign-in">Sign in</a></span>,
  },
};

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

// The socket reads its cookie at the handshake only: a whole new document gives it the new one.
const begin = () => window.location.assign("/");

function Providers({ creating }) {
  const providers = useProviders();
  if (!providers.length) return null;
  return (
    <div className="account-providers">
      <p className="account-or"><span>or</span></p>
      {providers.map(({ key, name }) => (
        <a key={key} className="button button--large" href={`/api/auth/oauth/${key}/start`}>
          {creating ? "Continue with" : "Sign in with"} {name}
        </a>
      ))}
    </div>
  );
}

function CodeStep({ send, onBack }) {
  return (
    <section className="account-page">
      <h1>Second factor</h1>
      <ActionForm label="Second factor" fields={[CODE_FIELD]} submit="Sign in" busyText="Signing in" send={send} onDone={begin} onCancel={onBack} />
    </section>
  );
}

function MailSent({ email }) {
  return (
    <section className="account-page">
      <h1>Check your mail</h1>
      <p role="status">A mail is on its way to <strong>{email}</strong>. The link in it makes your account; it works for an hour.</p>
      <p className="account-other"><span>Nothing there? Look among the unwanted mails, or <a href="/create-account">try again</a>.</span></p>
    </section>
  );
}

export function AccountForm({ mode }) {
  const copy = COPY[mode];
  const creating = mode === "create-account";
  const prefix = useId();
  const [values, setValues] = useState({ email: "", name: "", password: "", remember: false });
  const [errors, setErrors] = useState({});
  const [busy, setBusy] = useState(false);
  const [step, setStep] = useState("form");
  const inputs = { email: useRef(null), name: useRef(null), password: useRef(null) };

  useEffect(() => {
    const problem = problemInAddress();
    if (problem) setErrors({ form: problem });
    if (new URLSearchParams(window.location.search).get("step") === "code") setStep("waiting");
  }, []);

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
      if (answer.status === 202) return setStep("mail");
      if (answer.ok) return begin();
      if (codeOf(answer) === "second-factor-needed") setStep("code");
      else show(errorsOf(answer, Object.keys(inputs)));
    } catch {
      show({ form: UNREACHABLE });
    }
    setBusy(false);
  };

  const { email, password, remember } = values;
  if (step === "mail") return <MailSent email={email.trim()} />;
  if (step === "code")
    return <CodeStep send={({ code }) => post(copy.path, { email, password, remember, code })} onBack={() => setStep("form")} />;
  if (step === "waiting")
    return <CodeStep send={(sent) => post("/api/auth/mfa/verify", sent)} onBack={() => window.location.assign("/sign-in")} />;

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
        <PasswordField
          id={`${prefix}-password`}
          name="password"
          label="Password"
          hint={creating ? `At least ${PASSWORD_MIN} characters. A few unrelated words are easy to remember.` : undefined}
          autoComplete={creating ? "new-password" : "current-password"}
          value={values.password}
          onChange={set("password")}
          error={errors.password}
          inputRef={inputs.password}
        />
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
      <Providers creating={creating} />
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
