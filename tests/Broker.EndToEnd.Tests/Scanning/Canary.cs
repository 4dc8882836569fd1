using System.Text;
using Broker.Secrets;

namespace Broker.EndToEnd.Tests.Scanning;

/// <summary>A credential that is nowhere else: forty letters and digits, as an access key's secret has.</summary>
internal static class Canary
{
    public static byte[] Make()
    {
        const string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        Span<byte> random = stackalloc byte[40];
        SystemRandom.Fill(random);
        var text = new byte[random.Length];
        for (var i = 0; i < text.Length; i++)
            text[i] = (byte)letters[random[i] % letters.Length];
        return text;
    }

    /// <summary>A credential of some size around a canary.</summary>
    public static byte[] Within(byte[] canary) =>
        [.. Encoding.ASCII.GetBytes("[default]\naws_secret_access_key = "), .. canary, .. Encoding.ASCII.GetBytes("\nregion = nowhere\n")];
}
