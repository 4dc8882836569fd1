using System.Text;

namespace Broker.MemoryScanner.Tests;

internal static class Samples
{
    public const string Name = "sample";

    /// <summary>40 characters, as long as an AWS secret key, with both characters that base64url replaces in its base64.</summary>
    public static byte[] Secret { get; } = Encoding.ASCII.GetBytes("wJ?>~lrXUtnFEM/K7MD~NG+bPxRf~CY?>~EKEYz9");

    public static NeedleSet Needles { get; } = new([new Needle(Name, Secret)]);
}
