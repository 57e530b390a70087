import React, { useState } from "react";
import { ActionForm, CODE_FIELD, OWN_PASSWORD, post } from "./parts.jsx";

const APP_CODE = { ...CODE_FIELD, label: "Code of the app", hint: "Six digits.", inputMode: "numeric", maxLength: 10 };

function RecoveryCodes({ codes, onDone }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard?.writeText(codes.join("\n"));
    setCopied(true);
  };
  return (
    <div className="account-codes" role="group" aria-label="Recovery codes">
      <p><strong>Keep these ten codes somewhere safe.</strong> Each lets you in once when the app is gone. They are not shown again.</p>
      <ul>{codes.map((code) => <li key={code}><code>{code}</code></li>)}</ul>
      <div className="account-buttons">
        <button type="button" className="button button--primary" onClick={onDone}>I have kept them</button>
        <button type="button" className="button" onClick={copy}>{copied ? "Copied" : "Copy"}</button>
      </div>
    </div>
  );
}

function Enrolment({ begun, onDone, onCancel }) {
  return (
    <div className="account-enrolment">
      <p>Scan this with your authenticator app, then type the code that it shows.</p>
      <div className="account-qr" role="img" aria-label="QR code for the authenticator app" dangerouslySetInnerHTML={{ __html: begun.qr_svg }} />
      <p className="field-hint">
        No camera? Type this secret into the app:
        <br />
        <code className="account-secret">{begun.secret.match(/.{1,4}/g).join(" ")}</code>
      </p>
      <ActionForm
        label="Confirm the second factor"
        fields={[APP_CODE]}
        submit="Turn it on"
        send={(sent) => post("/api/auth/mfa/confirm", sent)}
        onDone={onDone}
        onCancel={onCancel}
      />
    </div>
  );
}

export function SecondFactor({ me, security, reload, say, open, Row }) {
  const [begun, setBegun] = useState(null);
  const [codes, setCodes] = useState(null);
  const { enabled, recovery_codes: left } = security.second_factor;
  const own = security.has_password ? [OWN_PASSWORD] : [];
  const finish = (text) => {
    setBegun(null);
    setCodes(null);
    open.close();
    if (text) say(text);
    reload();
  };

  if (codes)
    return (
      <Row label="Second factor" value="On" open>
        {/* Turning it on gave the session a new id: the page's socket follows with a page of its own. */}
        <RecoveryCodes codes={codes} onDone={() => (begun ? window.location.assign("/account?done=second-factor") : finish("The second factor is on."))} />
      </Row>
    );
  if (begun)
    return (
      <Row label="Second factor" open>
        <Enrolment begun={begun} onDone={(answer) => setCodes(answer.data.recovery_codes)} onCancel={() => finish("")} />
      </Row>
    );
  if (!enabled)
    return (
      <Row label="Second factor" value="Off" note="A code of an app on your phone, asked for when you sign in." action="Set up" open={open.is("mfa")} onOpen={open.set("mfa")}>
        <ActionForm
          label="Set up a second factor"
          fields={[]}
          submit="Begin"
          send={(sent) => post("/api/auth/mfa/enrol", sent)}
          onDone={(answer) => setBegun(answer.data)}
          onCancel={open.close}
        >
          <p>You need an authenticator app: any that reads QR codes. Other devices will be signed out.</p>
        </ActionForm>
      </Row>
    );
  return (
    <>
      <Row
        label="Recovery codes"
        value={`${left} of 10 left`}
        action="Replace"
        open={open.is("codes")}
        onOpen={open.set("codes")}
      >
        <ActionForm
          label="Replace the recovery codes"
          fields={[...own, CODE_FIELD]}
          submit="Make ten new ones"
          send={(sent) => post("/api/auth/mfa/recovery-codes", sent)}
          onDone={(answer) => setCodes(answer.data.recovery_codes)}
          onCancel={open.close}
        />
      </Row>
      <Row
        label="Second factor"
        value="On"
        note={me.role === "admin" ? "Administrators need one." : ""}
        action={me.role === "admin" ? "" : "Turn off"}
        open={open.is("off")}
        onOpen={open.set("off")}
      >
        <ActionForm
          label="Turn off the second factor"
          fields={[...own, CODE_FIELD]}
          submit="Turn it off"
          send={(sent) => post("/api/auth/mfa/disable", sent)}
          onDone={() => finish("The second factor is off.")}
          onCancel={open.close}
        />
      </Row>
    </>
  );
}
