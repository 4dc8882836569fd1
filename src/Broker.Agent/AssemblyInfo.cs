using System.Runtime.Versioning;

// memfd, pidfd and tmpfs are Linux's.
[assembly: SupportedOSPlatform("linux")]
