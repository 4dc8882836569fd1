using Broker.Protocol.Encoding;

namespace Broker.Protocol.Directory;

/// <summary>Where a version of a credential stands: <c>pending → staged → current → retired</c>.</summary>
public enum VersionStage
{
    /// <summary>Put as the next version; nobody gets it yet.</summary>
    Pending,

    /// <summary>Launches that name the version get it, others do not.</summary>
    Staged,

    /// <summary>Launches that name no version get it. Of each credential exactly one version is current.</summary>
    Current,

    /// <summary>No launch gets it any more; its row may be deleted.</summary>
    Retired,
}

/// <summary>The texts of stages in statements and on the command line.</summary>
public static class VersionStages
{
    /// <summary>The text of a stage.</summary>
    public static string ToText(this VersionStage stage) => stage switch
    {
        VersionStage.Pending => "pending",
        VersionStage.Staged => "staged",
        VersionStage.Current => "current",
        VersionStage.Retired => "retired",
        _ => throw new ArgumentOutOfRangeException(nameof(stage)),
    };

    /// <summary>Reads a stage.</summary>
    /// <exception cref="MalformedException">No stage has that text.</exception>
    public static VersionStage Parse(string text) => text switch
    {
        "pending" => VersionStage.Pending,
        "staged" => VersionStage.Staged,
        "current" => VersionStage.Current,
        "retired" => VersionStage.Retired,
        _ => throw new MalformedException("stage is not pending, staged, current or retired"),
    };
}
