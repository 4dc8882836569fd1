using System.Globalization;

namespace Broker.Secrets;

/// <summary>The return values of PKCS#11 (v2.40, section 5.1) that the broker meets, and what each means for whoever called.</summary>
internal static class Ckr
{
    internal const ulong Ok = 0;
    internal const ulong CantLock = 0x0A;
    internal const ulong AttributeSensitive = 0x11;
    internal const ulong AttributeTypeInvalid = 0x12;
    internal const ulong PinIncorrect = 0xA0;
    internal const ulong UserAlreadyLoggedIn = 0x100;
    internal const ulong AlreadyInitialized = 0x191;

    private const string Again = "the token was taken out or its session ended; put it back, then open it again";
    private const string Setup = "the token is not ready; initialize it and set its user PIN";
    private const string Suitable = "the key cannot agree; make one with brokerctl, or one that is EC on P-256 with CKA_DERIVE";
    private const string Mechanism =
        "the token offers no plain ECDH on P-256 (CKM_ECDH1_DERIVE, CKD_NULL); choose another token or way of custody";
    private const string Policy =
        "the token's policy refuses this object; it has to allow private data objects and agreed secrets that can be read";
    private const string Room = "the token or its module is out of memory, objects or sessions; free some and try again";
    private const string Other = "the token refused; its vendor's documentation says why";

    private static readonly Dictionary<ulong, (string Name, HsmFailure Failure, string Text)> Known = new()
    {
        [0x02] = ("CKR_HOST_MEMORY", HsmFailure.Full, Room),
        [0x03] = ("CKR_SLOT_ID_INVALID", HsmFailure.TokenLost, Again),
        [0x05] = ("CKR_GENERAL_ERROR", HsmFailure.TokenLost, Again),
        [0x06] = ("CKR_FUNCTION_FAILED", HsmFailure.Refused, Other),
        [0x07] = ("CKR_ARGUMENTS_BAD", HsmFailure.Refused, Other),
        [CantLock] = ("CKR_CANT_LOCK", HsmFailure.ModuleUnusable,
            "the module cannot be used by several threads; ask its vendor for one that can"),
        [0x10] = ("CKR_ATTRIBUTE_READ_ONLY", HsmFailure.NotSupported, Policy),
        [AttributeSensitive] = ("CKR_ATTRIBUTE_SENSITIVE", HsmFailure.NotSupported, Policy),
        [AttributeTypeInvalid] = ("CKR_ATTRIBUTE_TYPE_INVALID", HsmFailure.NotSupported, Policy),
        [0x13] = ("CKR_ATTRIBUTE_VALUE_INVALID", HsmFailure.NotSupported, Policy),
        [0x1B] = ("CKR_ACTION_PROHIBITED", HsmFailure.NotSupported, Policy),
        [0x30] = ("CKR_DEVICE_ERROR", HsmFailure.TokenLost, Again),
        [0x31] = ("CKR_DEVICE_MEMORY", HsmFailure.Full, Room),
        [0x32] = ("CKR_DEVICE_REMOVED", HsmFailure.TokenLost, Again),
        [0x54] = ("CKR_FUNCTION_NOT_SUPPORTED", HsmFailure.NotSupported, Mechanism),
        [0x60] = ("CKR_KEY_HANDLE_INVALID", HsmFailure.TokenLost, Again),
        [0x63] = ("CKR_KEY_TYPE_INCONSISTENT", HsmFailure.KeyUnsuitable, Suitable),
        [0x68] = ("CKR_KEY_FUNCTION_NOT_PERMITTED", HsmFailure.KeyUnsuitable, Suitable),
        [0x70] = ("CKR_MECHANISM_INVALID", HsmFailure.NotSupported, Mechanism),
        [0x71] = ("CKR_MECHANISM_PARAM_INVALID", HsmFailure.NotSupported, Mechanism),
        [0x82] = ("CKR_OBJECT_HANDLE_INVALID", HsmFailure.TokenLost, Again),
        [PinIncorrect] = ("CKR_PIN_INCORRECT", HsmFailure.PinWrong,
            "the PIN is not the token's; look it up before the next try, since tokens lock"),
        [0xA1] = ("CKR_PIN_INVALID", HsmFailure.PinWrong,
            "the PIN has characters that the token does not take; check the file that holds it"),
        [0xA2] = ("CKR_PIN_LEN_RANGE", HsmFailure.PinWrong, "the PIN is shorter or longer than the token's; check the file that holds it"),
        [0xA3] = ("CKR_PIN_EXPIRED", HsmFailure.TokenNotReady, "the PIN has expired; set a new one with the vendor's tool"),
        [0xA4] = ("CKR_PIN_LOCKED", HsmFailure.PinLocked, "the PIN is locked; have the token's security officer reset it"),
        [0xB0] = ("CKR_SESSION_CLOSED", HsmFailure.TokenLost, Again),
        [0xB1] = ("CKR_SESSION_COUNT", HsmFailure.Full, Room),
        [0xB3] = ("CKR_SESSION_HANDLE_INVALID", HsmFailure.TokenLost, Again),
        [0xB5] = ("CKR_SESSION_READ_ONLY", HsmFailure.Refused, "the token was opened for unlocking only; open it for administering"),
        [0xD0] = ("CKR_TEMPLATE_INCOMPLETE", HsmFailure.NotSupported, Policy),
        [0xD1] = ("CKR_TEMPLATE_INCONSISTENT", HsmFailure.NotSupported, Policy),
        [0xE0] = ("CKR_TOKEN_NOT_PRESENT", HsmFailure.TokenLost, Again),
        [0xE1] = ("CKR_TOKEN_NOT_RECOGNIZED", HsmFailure.TokenNotReady, Setup),
        [0xE2] = ("CKR_TOKEN_WRITE_PROTECTED", HsmFailure.Refused, "the token is write-protected; remove the protection to administer it"),
        [UserAlreadyLoggedIn] = ("CKR_USER_ALREADY_LOGGED_IN", HsmFailure.LoggedInElsewhere,
            "something else in this process is logged in at the token, so that the PIN would not be checked; end that first"),
        [0x101] = ("CKR_USER_NOT_LOGGED_IN", HsmFailure.TokenLost, Again),
        [0x102] = ("CKR_USER_PIN_NOT_INITIALIZED", HsmFailure.TokenNotReady, Setup),
        [0x130] = ("CKR_DOMAIN_PARAMS_INVALID", HsmFailure.NotSupported, Mechanism),
        [0x140] = ("CKR_CURVE_NOT_SUPPORTED", HsmFailure.NotSupported, Mechanism),
        [0x150] = ("CKR_BUFFER_TOO_SMALL", HsmFailure.Refused,
            "an object of the token is larger than any that the broker makes; remove it"),
        [0x190] = ("CKR_CRYPTOKI_NOT_INITIALIZED", HsmFailure.TokenLost,
            "the module was shut down by something else in this process; start again"),
        [AlreadyInitialized] = ("CKR_CRYPTOKI_ALREADY_INITIALIZED", HsmFailure.ModuleUnusable,
            "something else in this process uses the module; load it once"),
    };

    /// <summary>The name of a value; hexadecimal where PKCS#11 has none or it is not met here.</summary>
    internal static string NameOf(ulong value) =>
        Known.TryGetValue(value, out var known) ? known.Name : string.Create(CultureInfo.InvariantCulture, $"CKR 0x{value:x8}");

    /// <summary>Throws for every value but <see cref="Ok"/>.</summary>
    /// <exception cref="HsmException">With the failure that belongs to the value.</exception>
    internal static void Check(ulong value, string call)
    {
        if (value != Ok)
            throw Error(value, call);
    }

    internal static HsmException Error(ulong value, string call, HsmPinTries tries = HsmPinTries.Untouched)
    {
        var (failure, text) = Known.TryGetValue(value, out var known) ? (known.Failure, known.Text) : (HsmFailure.Refused, Other);
        return new HsmException(failure, text, $"{call}: {NameOf(value)}", tries);
    }
}
