import React, { useState } from "react";
import { ActionForm, codeOf, post, useSecretInAddress } from "./parts.jsx";

const NEW_PASSWORD = {
  name: "password",
  label: "New password",
  type: "password",
  autoComplete: "new-password",
  hint: "At least 15 characters, or 8 with a second factor. A few unrelated words are easy to remember.",
};

function Page({ title, children }) {
  return (
    <section className="account-page">
      <h1>{title}</h1>
      {children}
    </section>
  );
}

export function ForgotPassword() {
  const [done, setDone] = useState("");
  if (done)
    return (
      <Page title="Check your mail">
        <p role="status">{done}</p>
        <p className="field-hint">The link in it works for an hour.</p>
        <p className="account-other"><a href="/sign-in">Back to signing in</a></p>
      </Page>
    );
  return (
    <Page title="Forgot your password?">
      <p className="field-hint">We send a link to set a new one.</p>
      <ActionForm
        label="Forgot your password?"
        fields={[{ name: "email", label: "E-mail address", type: "email", autoComplete: "username", inputMode: "email", autoCapitalize: "none", spellCheck: false, maxLength: 254 }]}
        submit="Send the link"
        busyText="Sending"
        send={(sent) => post("/api/auth/password/forgot", sent)}
        onDone={(answer) => setDone(answer.message)}
      />
      <p className="account-other"><a href="/sign-in">Back to signing in</a></p>
    </Page>
  );
}

export function ResetPassword() {
  const token = useSecretInAddress();
  const [done, setDone] = useState("");
  if (token === null) return null;
  if (done)
    return (
      <Page title="Your new password is set">
        <p role="status">You were signed out everywhere.</p>
        <a className="button button--primary button--large" href="/sign-in">Sign in</a>
      </Page>
    );
  if (!token) return <BadLink />;
  return (
    <Page title="Set a new password">
      <ActionForm
        label="Set a new password"
        fields={[NEW_PASSWORD]}
        submit="Set the password"
        send={(sent) => post("/api/auth/password/reset", { ...sent, token })}
        onDone={(answer) => setDone(answer.message)}
      >
        <p className="field-hint">You will be signed out on every device.</p>
      </ActionForm>
      <p className="account-other"><a href="/forgot-password">Ask for a new link</a></p>
    </Page>
  );
}

function BadLink() {
  return (
    <Page title="This link does not work">
      <p>It was used before, or its hour is over. Open the newest mail, or ask for another one.</p>
      <p className="account-other"><a href="/forgot-password">Forgot your password?</a><a href="/account">Your account</a></p>
    </Page>
  );
}

// A press of a button, because some mail programs open every link. In another browser than the one that asked, the
// server wants the password as well.
export function VerifyEmail() {
  const token = useSecretInAddress();
  const [state, setState] = useState("ask");
  const send = async (sent) => {
    const answer = await post("/api/auth/email/verify", { ...sent, token });
    if (codeOf(answer) === "link-expired") setState("bad");
    return answer;
  };
  if (token === null) return null;
  if (!token || state === "bad") return <BadLink />;
  if (state === "registered")
    return (
      <Page title="Your account is ready">
        <p role="status">Your address is confirmed and you are signed in.</p>
        <a className="button button--primary button--large" href="/">Play</a>
      </Page>
    );
  if (state === "verified")
    return (
      <Page title="Your address is confirmed">
        <p role="status">A forgotten password can be reset with it now.</p>
        <a className="button button--primary button--large" href="/">Play</a>
      </Page>
    );
  return (
    <Page title="Confirm your address">
      <p>One press, and this address is yours here.</p>
      <ActionForm label="Confirm your address" fields={[]} submit="Confirm" send={send} onDone={(answer) => setState(answer.data.outcome)} />
    </Page>
  );
}
