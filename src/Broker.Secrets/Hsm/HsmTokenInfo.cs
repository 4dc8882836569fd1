using System.Text;

namespace Broker.Secrets;

/// <summary>A token that is in a slot, as it describes itself.</summary>
/// <param name="Label">Its label, without the padding.</param>
/// <param name="Serial">Its serial number.</param>
/// <param name="Manufacturer">Who made it.</param>
/// <param name="Model">Its model.</param>
/// <param name="IsReady">Whether it is initialized and has a user PIN that may be used.</param>
/// <param name="PinTries">What it says of the tries at its PIN.</param>
public sealed record HsmTokenInfo(string Label, string Serial, string Manufacturer, string Model, bool IsReady, HsmPinTries PinTries)
{
    internal static unsafe HsmTokenInfo Of(in Ck.TokenInfo info)
    {
        const ulong Needed = Ck.TokenInitialized | Ck.UserPinInitialized;
        fixed (byte* label = info.Label, serial = info.Serial, manufacturer = info.Manufacturer, model = info.Model)
        {
            return new HsmTokenInfo(
                Text(new(label, 32)), Text(new(serial, 16)), Text(new(manufacturer, 32)), Text(new(model, 16)),
                (info.Flags & (Needed | Ck.UserPinToBeChanged)) == Needed, TriesOf(info.Flags));
        }
    }

    private static HsmPinTries TriesOf(ulong flags) => flags switch
    {
        _ when (flags & Ck.UserPinLocked) != 0 => HsmPinTries.Locked,
        _ when (flags & Ck.UserPinFinalTry) != 0 => HsmPinTries.Last,
        _ when (flags & Ck.UserPinCountLow) != 0 => HsmPinTries.Low,
        _ => HsmPinTries.Untouched,
    };

    private static string Text(ReadOnlySpan<byte> padded) => Encoding.UTF8.GetString(padded).TrimEnd(' ', '\0');
}
