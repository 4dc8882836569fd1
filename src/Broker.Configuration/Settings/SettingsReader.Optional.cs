using System.Net;

namespace Broker.Configuration;

// The optional settings: null if the setting is missing, null or an empty text, and otherwise as the required ones.
public sealed partial class SettingsReader
{
    /// <summary>As <see cref="Text"/>, or null.</summary>
    /// <param name="path">The path of the setting.</param>
    public string? OptionalText(string path) => IsSet(path) ? Text(path) : null;

    /// <summary>As <see cref="Boolean"/>, or null.</summary>
    /// <param name="path">The path of the setting.</param>
    public bool? OptionalBoolean(string path) => IsSet(path) ? Boolean(path) : null;

    /// <summary>As <see cref="Integer"/>, or null.</summary>
    /// <param name="path">The path of the setting.</param>
    /// <param name="min">The least that is allowed.</param>
    /// <param name="max">The most that is allowed.</param>
    public int? OptionalInteger(string path, int min, int max) => IsSet(path) ? Integer(path, min, max) : null;

    /// <summary>As <see cref="Duration"/>, or null.</summary>
    /// <param name="path">The path of the setting.</param>
    /// <param name="min">The least that is allowed.</param>
    /// <param name="max">The most that is allowed.</param>
    public TimeSpan? OptionalDuration(string path, TimeSpan min, TimeSpan max) => IsSet(path) ? Duration(path, min, max) : null;

    /// <summary>As <see cref="Size"/>, or null.</summary>
    /// <param name="path">The path of the setting.</param>
    /// <param name="min">The least that is allowed, in bytes.</param>
    /// <param name="max">The most that is allowed, in bytes.</param>
    public long? OptionalSize(string path, long min = 0, long max = long.MaxValue) => IsSet(path) ? Size(path, min, max) : null;

    /// <summary>As <see cref="OneOf(string, string[])"/>, or null.</summary>
    /// <param name="path">The path of the setting.</param>
    /// <param name="choices">The words, compared exactly; at least one.</param>
    public string? OptionalOneOf(string path, params string[] choices) => IsSet(path) ? OneOf(path, choices) : null;

    /// <summary>As <see cref="Path"/>, or null.</summary>
    /// <param name="path">The path of the setting.</param>
    public string? OptionalPath(string path) => IsSet(path) ? Path(path) : null;

    /// <summary>As <see cref="EndPoint"/>, or null.</summary>
    /// <param name="path">The path of the setting.</param>
    public EndPoint? OptionalEndPoint(string path) => IsSet(path) ? EndPoint(path) : null;

    /// <summary>As <see cref="Listen"/>, or null.</summary>
    /// <param name="path">The path of the setting.</param>
    public IPEndPoint? OptionalListen(string path) => IsSet(path) ? Listen(path) : null;

    private bool IsSet(string path) => Ask(path).Value is not (null or HoconScalar { Text: "" });
}
