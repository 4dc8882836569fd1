namespace Broker.Secrets;

/// <summary>
/// A token, or the module that leads to it, did not do what was asked. The message says what to do next; it holds no secret.
/// </summary>
public sealed class HsmException : Exception
{
    internal HsmException(HsmFailure failure, string message, string code = "", HsmPinTries tries = HsmPinTries.Untouched)
        : base(code.Length == 0 ? message : $"{message} ({code})") => (Failure, Code, PinTries) = (failure, code, tries);

    /// <summary>What went wrong.</summary>
    public HsmFailure Failure { get; }

    /// <summary>
    /// PKCS#11's name of the error with the call that gave it, for instance <c>C_Login: CKR_PIN_INCORRECT</c>; empty where none was made.
    /// </summary>
    public string Code { get; }

    /// <summary>With a PIN that was refused: what the token says of the tries that are left.</summary>
    public HsmPinTries PinTries { get; }
}
