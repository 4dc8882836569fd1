using Broker.Dmz.Customers;
using Broker.Protocol.Identifiers;
using Broker.Secrets;

namespace Broker.Dmz.Custody;

/// <summary>What a token did not do, as a refusal: a code, and what to do next. What else is known is in the node's log.</summary>
internal static class TokenProblem
{
    /// <summary>The refusal that a failure stands for.</summary>
    public static Refused Of(Name way, HsmFailure failure) => failure switch
    {
        HsmFailure.ModuleUnusable => New(Codes.HsmModuleUnusable, way, "its module cannot be used; look at the node's log"),
        HsmFailure.TokenMissing => New(Codes.HsmTokenMissing, way, "its token is in no slot; put it back, the node looks again by itself"),
        HsmFailure.TokenLost => New(Codes.HsmTokenLost, way, "its token went away; put it back, the node looks again by itself"),
        HsmFailure.TokenAmbiguous => New(Codes.HsmTokenMissing, way, "several tokens have that label; give each its own"),
        HsmFailure.TokenNotReady => New(Codes.HsmTokenNotReady, way, "its token or PIN file is not ready; look at the node's log"),
        HsmFailure.PinWrong => New(
            Codes.HsmPinWrong, way, "the PIN in its file is not the token's; correct the file, until then it is not tried again"),
        HsmFailure.PinLocked => New(Codes.HsmPinLocked, way, "its PIN is locked; have the token's security officer reset it"),
        HsmFailure.PinTriesLow => New(
            Codes.HsmPinTriesLow, way, "a wrong PIN was given to its token; correct the file, and log in once by hand"),
        HsmFailure.KeyMissing or HsmFailure.KeyAmbiguous or HsmFailure.KeyUnsuitable or HsmFailure.NotSupported =>
            New(Codes.HsmKeyUnusable, way, "its key is missing, ambiguous or unsuitable; look at the node's log"),
        HsmFailure.WrapUnreadable => New(Codes.HsmWrapRefused, way, "what its token keeps is no wrap; change custody to make it anew"),
        HsmFailure.Full => New(Codes.HsmFull, way, "its token has no room; remove what is not needed"),
        HsmFailure.Busy or HsmFailure.Unresponsive => New(Codes.HsmUnresponsive, way, "its token does not answer; look at the device"),
        _ => New(Codes.HsmRefused, way, "its token refused; look at the node's log"),
    };

    /// <summary>The node has no such way.</summary>
    public static Refused Unknown(Name way) =>
        New(Codes.HsmWayUnknown, way, "this node has no token for it; see broker.dmz.custody.hsm, or name another node");

    /// <summary>The token's key is another than the one that the wrap is sealed to.</summary>
    public static Refused OtherKey(Name way) =>
        New(Codes.HsmKeyDiffers, way, "the key in its token is another; ask the node for its ways again, and begin again");

    /// <summary>Nothing is kept.</summary>
    public static Refused NoWrap(Name way) =>
        New(Codes.HsmWrapMissing, way, "its token keeps no wrap of this customer; unlock another way, then change custody");

    /// <summary>What is kept does not open to what it should.</summary>
    public static Refused BadWrap(Name way) => New(
        Codes.HsmWrapRefused, way, "what its token keeps is not this customer's wrap, or was altered; unlock another way");

    /// <summary>Too many calls wait.</summary>
    public static Refused Busy(Name way) => New(Codes.Busy, way, "too many calls wait for its token; try again");

    private static Refused New(string code, Name way, string detail) => new(code, $"way {way}: {detail}");
}
